"""What an engine leaves in the machine's network, removed.

The containers' network is made by the CNI plug-ins bridge and firewall: a bridge named after the
network, a masquerading chain in `nat` for each container, whose rules carry the network's name in a
comment, and rules in CNI-FORWARD for each container's address. An engine that ends well removes
its containers' part; one that was killed does not, and none removes the bridge.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
import shutil
import subprocess

from engine.paths import Settings

Rule = list[str]
OWN_CHAINS = ("CNI-FORWARD", "CNI-ADMIN")


def clean(settings: Settings, *, bridge: bool) -> list[str]:
    """Remove the network's rules, and its bridge too if asked; name what was removed."""
    removed = []
    for tool in ("iptables", "ip6tables"):
        if shutil.which(tool):
            rules = sum(_clean_table(settings, tool, table) for table in ("nat", "filter"))
            removed += [f"{rules} rules of {tool}"] if rules else []
    if bridge and _remove_bridge(f"{settings.network}0"):
        removed.append(f"network interface {settings.network}0")
    return removed


def _clean_table(settings: Settings, tool: str, table: str) -> int:
    listing = _run(tool, "-t", table, "-S")
    rules = [shlex.split(line) for line in listing.splitlines()]
    commands = removals(rules, settings.network, settings.cidr)
    for command in commands:
        _run(tool, "-t", table, *command)
    return sum(command[0] == "-D" for command in commands)


def removals(rules: list[Rule], network: str, cidr: str) -> list[Rule]:
    """Give the commands that remove a network's rules and chains from a listing (`iptables -S`)."""
    ours = [rule for rule in rules if rule[0] == "-A" and _belongs(rule, network, cidr)]
    chains = {rule[1] for rule in ours if re.fullmatch(r"CNI-[0-9a-f]{24}", rule[1])}
    chains |= {rule[rule.index("-j") + 1] for rule in ours if "-j" in rule}
    chains = {chain for chain in chains if re.fullmatch(r"CNI-[0-9a-f]{24}", chain)}
    # A container's chain goes as a whole, rules that name no network included.
    ours = [rule for rule in rules if rule[0] == "-A" and (rule in ours or rule[1] in chains)]
    left = [rule for rule in rules if rule not in ours]
    last = _idle_firewall(left) if ours else []
    return (
        [["-D", *rule[1:]] for rule in ours]
        + [["-X", chain] for chain in sorted(chains) if ["-N", chain] in rules]
        + last
    )


def _belongs(rule: Rule, network: str, cidr: str) -> bool:
    if "--comment" in rule and f'name: "{network}"' in rule[rule.index("--comment") + 1]:
        return True
    return rule[1] == "CNI-FORWARD" and any(_within(word, cidr) for word in rule)


def _within(word: str, cidr: str) -> bool:
    try:
        address = ipaddress.ip_network(word, strict=False)
    except ValueError:
        return False
    whole = ipaddress.ip_network(cidr)
    return address.version == whole.version and address.subnet_of(whole)  # type: ignore[arg-type]


def _idle_firewall(left: list[Rule]) -> list[Rule]:
    """The firewall plug-in's own chains go with the last network that used them."""
    used = [rule for rule in left if rule[0] == "-A" and rule[1] in OWN_CHAINS]
    jumps = [rule for rule in left if rule[0] == "-A" and rule[-1] in OWN_CHAINS]
    if any(rule not in jumps for rule in used):
        return []
    chains = [chain for chain in OWN_CHAINS if ["-N", chain] in left]
    return [["-D", *rule[1:]] for rule in jumps] + [["-X", chain] for chain in chains]


def bridge_exists(settings: Settings) -> bool:
    """Is the network's bridge there?"""
    return bool(_run("ip", "link", "show", "dev", f"{settings.network}0"))


def _remove_bridge(name: str) -> bool:
    if not _run("ip", "link", "show", "dev", name):
        return False
    _run("ip", "link", "delete", "dev", name)
    return True


def _run(*command: str) -> str:
    # What is not there cannot be removed: a failure here means just that.
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout if result.returncode == 0 else ""
