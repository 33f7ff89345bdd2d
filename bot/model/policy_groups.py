"""Which people and user groups a policy names: those that Slack has to be asked about."""

from bot.model.policy import Group, Policy, is_group


def groups_named(policy: Policy | None) -> frozenset[Group]:
    """Every user group that the policy names, wherever."""
    return frozenset(filter(is_group, _named(policy)))


def people_named(policy: Policy | None) -> frozenset[str]:
    """Every person that the policy names, wherever."""
    return frozenset(entry for entry in _named(policy) if not is_group(entry))


def _named(policy: Policy | None) -> frozenset[str]:
    if policy is None:
        return frozenset()
    approvals, glass = policy.approvals, policy.break_glass
    lists = [approvals.approvers, approvals.notify, approvals.escalate_to, policy.budgets.raised_by]
    lists.append(policy.audit.auditors)
    lists += [glass.users if glass else None, *(rule.requesters for rule in policy.rules)]
    return frozenset(entry for listed in lists for entry in listed or ())
