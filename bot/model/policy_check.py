"""What `policy check` says about a policy that is valid and may not be meant."""

from collections.abc import Collection, Iterator

from bot.model.policy import Approvals, Policy, Rule


def warnings(policy: Policy) -> tuple[str, ...]:
    """What is valid and surely not meant, a sentence each: rules never reached, people never asked."""
    approvals = policy.approvals
    return (
        *_about_rules(policy),
        *_about_approvals(approvals),
        *_about_quorum(policy),
        *_about_the_log(policy),
    )


def _about_rules(policy: Policy) -> Iterator[str]:
    if not policy.rules:
        yield "rules: there are none, so every purchase is refused"
    for index, rule in enumerate(policy.rules):
        earlier = next((other for other in policy.rules[:index] if _covers(other, rule)), None)
        if earlier:
            yield f'rules[{index}] "{rule.name}": is never reached: "{earlier.name}" decides before it'
        if rule.confirm_by_typing and not rule.approvals:
            yield f'rules[{index}] "{rule.name}": confirm_by_typing needs an approver who types'


def _covers(earlier: Rule, later: Rule) -> bool:
    """Whether all that the later rule matches is matched by the earlier one."""
    return (
        _includes(earlier.countries, later.countries)
        and _includes(earlier.types, later.types)
        and _includes(earlier.requesters, later.requesters)
        and (earlier.min_monthly or 0) <= (later.min_monthly or 0)
        and (
            earlier.max_monthly is None
            or (later.max_monthly is not None and later.max_monthly <= earlier.max_monthly)
        )
    )


def _includes(wider: Collection[str] | None, narrower: Collection[str] | None) -> bool:
    return wider is None or (narrower is not None and set(narrower) <= set(wider))


def _about_approvals(approvals: Approvals) -> Iterator[str]:
    if approvals.escalate_after and not approvals.escalate_to:
        yield "approvals.escalate_after: nobody is named in escalate_to"
    for key in ("remind_after", "escalate_after"):
        after = getattr(approvals, key)
        if after and approvals.expires_after and after >= approvals.expires_after:
            yield f"approvals.{key}: comes too late, a request has expired by then"


def _about_quorum(policy: Policy) -> Iterator[str]:
    approvers = set(policy.approvals.approvers or ())
    if policy.approvals.allow_self_approval or any(entry.startswith("S") for entry in approvers):
        return
    for index, rule in enumerate(policy.rules):
        if rule.approvals and rule.approvals == len(approvers):
            yield (
                f'rules[{index}] "{rule.name}": asks for all {rule.approvals} approvers, so none of them'
                " can have a request of their own approved"
            )


def _about_the_log(policy: Policy) -> Iterator[str]:
    if not (policy.audit.auditors or policy.approvals.approvers):
        yield "audit.auditors: nobody is named, nor are approvers, so nobody reads all of the log in Slack"
