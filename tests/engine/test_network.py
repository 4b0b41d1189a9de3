"""What an engine left in iptables: its own rules go, everybody else's stay."""

from __future__ import annotations

import shlex

from engine.network import removals

OURS = "CNI-0a579f9cb68e1b89861d8f7d"
OTHER = "CNI-ffff9f9cb68e1b89861d8f7d"

NAT = f"""\
-P PREROUTING ACCEPT
-P POSTROUTING ACCEPT
-N {OURS}
-N {OTHER}
-A POSTROUTING -s 192.168.0.0/16 -o eth0 -j MASQUERADE
-A POSTROUTING -s 10.87.0.5/32 -m comment --comment "name: \\"slipway\\" id: \\"abc\\"" -j {OURS}
-A POSTROUTING -s 10.99.0.5/32 -m comment --comment "name: \\"slipway2\\" id: \\"x\\"" -j {OTHER}
-A {OURS} -d 10.87.0.0/16 -m comment --comment "name: \\"slipway\\" id: \\"abc\\"" -j ACCEPT
-A {OURS} ! -d 224.0.0.0/4 -j MASQUERADE
-A {OTHER} ! -d 224.0.0.0/4 -j MASQUERADE
"""

FILTER = """\
-P FORWARD ACCEPT
-N CNI-ADMIN
-N CNI-FORWARD
-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD
-A FORWARD -s 10.87.0.0/16 -j ACCEPT
-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN
-A CNI-FORWARD -d 10.87.0.5/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A CNI-FORWARD -s 10.87.0.5/32 -j ACCEPT
"""


def _listing(text: str) -> list[list[str]]:
    return [shlex.split(line) for line in text.splitlines()]


def _after(text: str, commands: list[list[str]]) -> list[list[str]]:
    """Do what iptables does with the commands; a command that cannot be done is an error."""
    rules = _listing(text)
    for verb, *rest in commands:
        if verb == "-D":
            rules.remove(["-A", *rest])
        else:
            assert verb == "-X"
            assert not any(rest[0] in rule[1:] for rule in rules if rule[0] == "-A"), "chain in use"
            rules.remove(["-N", *rest])
    return rules


def test_containers_chain_goes_as_a_whole() -> None:
    left = _after(NAT, removals(_listing(NAT), "slipway", "10.87.0.0/16"))
    gone = [line for line in NAT.splitlines() if OURS in line]
    assert left == [shlex.split(line) for line in NAT.splitlines() if line not in gone]


def test_last_network_takes_the_plugins_chains_along() -> None:
    left = _after(FILTER, removals(_listing(FILTER), "slipway", "10.87.0.0/16"))
    assert left == _listing("-P FORWARD ACCEPT\n-A FORWARD -s 10.87.0.0/16 -j ACCEPT\n")


def test_plugins_chains_stay_while_another_network_uses_them() -> None:
    text = FILTER + "-A CNI-FORWARD -s 10.99.0.5/32 -j ACCEPT\n"
    left = _after(text, removals(_listing(text), "slipway", "10.87.0.0/16"))
    assert ["-A", "CNI-FORWARD", "-s", "10.99.0.5/32", "-j", "ACCEPT"] in left
    assert ["-N", "CNI-FORWARD"] in left
    assert not any("10.87.0.5/32" in rule for rule in left)


def test_an_administrators_own_rule_keeps_the_chains() -> None:
    text = FILTER + "-A CNI-ADMIN -s 203.0.113.0/24 -j DROP\n"
    left = _after(text, removals(_listing(text), "slipway", "10.87.0.0/16"))
    assert ["-A", "CNI-ADMIN", "-s", "203.0.113.0/24", "-j", "DROP"] in left


def test_a_machine_that_never_ran_an_engine_is_left_alone() -> None:
    for text in ("", "-P FORWARD ACCEPT\n", NAT, FILTER):
        assert removals(_listing(text), "another", "10.1.0.0/16") == []
