"""Which user groups a policy names: those that Slack has to be asked about."""

from bot.model.policy import Group, Policy


def groups_named(policy: Policy | None) -> frozenset[Group]:
    """Every user group that the policy names, wherever."""
    if policy is None:
        return frozenset()
    approvals = policy.approvals
    lists = [approvals.approvers, approvals.notify, approvals.escalate_to, policy.budgets.raised_by]
    lists += [rule.requesters for rule in policy.rules]
    return frozenset(entry for listed in lists for entry in listed or () if entry.startswith("S"))
