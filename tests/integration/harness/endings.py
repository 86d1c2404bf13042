# SPDX-License-Identifier: Apache-2.0
"""What is said of the end of a connection, compared with what was expected of it and with what went over the wire."""
import dataclasses
import datetime
import re

from harness.capture import FIN, RST
from harness.wait import eventually

#: The beginning of every time line, by who connected. Nobody tells a listener when the handshake went on.
INBOUND = "~syn_received ~established accepted "
OUTBOUND = "syn_sent established "
SPOKE = "first_byte_in first_byte_out "
#: The end of one that we close first, of whose peer we hear no more than its FIN.
DONE = "fin_sent ?fin_acked fin_received ~time_wait closed"

WIRE = {"fin_sent": ("local", FIN), "fin_received": ("remote", FIN), "rst_sent": ("local", RST),
        "rst_received": ("remote", RST)}


@dataclasses.dataclass(frozen=True)
class Leg:
    """One connection's end. `close` is its first, how, reason, phase and code; `detail` a pattern of the whole text.

    `line` names every entry of its time line: plain ones must have been seen, `~` marks those that can only be
    inferred, `?` those that may be either, and `*` those that may be there or not.
    """
    close: str
    detail: str = ""
    line: str = ""

    def assert_is(self, row):
        close = row["close"]
        said = " ".join(close[each] for each in ("first", "how", "reason", "phase", "code"))
        assert said == self.close, f"{said!r} instead of {self.close!r}; {close['detail']!r}, {line_of(row)}"
        detail = close["detail"] or ""
        assert re.fullmatch(self.detail, detail), f"{detail!r} instead of {self.detail!r}"
        self._assert_line(row)

    def _assert_line(self, row):
        basis = {entry["event"]: entry["basis"] for entry in row["timeline"]}
        expected = self.line.split()
        allowed = {each.lstrip("~?*"): each for each in expected}
        wrong = [event for event in basis if event not in allowed]
        for event, each in allowed.items():
            wanted = "inferred" if each.startswith("~") else "seen"
            if event not in basis and not each.startswith("*") or \
                    event in basis and each[0] not in "?*" and basis[event] != wanted:
                wrong.append(each)
        assert not wrong, f"{wrong}: {line_of(row)} instead of {self.line}"


@dataclasses.dataclass(frozen=True)
class Ending:
    """`act` lets it come about on a stage, and answers the rows of its legs."""
    name: str
    act: object
    legs: tuple


def table():
    """The list of a table's endings, and the decorator that adds an act to it with what is expected of each leg."""
    endings = []

    def ending(*legs):
        def add(act):
            endings.append(Ending(act.__name__, act, legs))
            return act
        return add
    return endings, ending


def has(row, event):
    return any(entry["event"] == event for entry in row["timeline"])


def line_of(row):
    return " ".join(("~" if entry["basis"] == "inferred" else "") + entry["event"] for entry in row["timeline"])


def assert_times(row):
    """What was seen has a time, what was inferred has none, and they are in order."""
    for entry in row["timeline"]:
        assert (entry["at"] is not None) == (entry["basis"] == "seen"), entry
    times = [entry["at"] for entry in row["timeline"] if entry["at"]]
    assert times == sorted(times), row["timeline"]
    # Entries of one moment are kept apart by a nanosecond each, which may round up.
    late = moment(times[-1]) - moment(row["close"]["at"])
    assert datetime.timedelta() <= late <= datetime.timedelta(microseconds=1), (row["timeline"], row["close"])


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def assert_as_on_the_wire(row, conversation):
    """Who ended it first and how, and every FIN and RST of the time line, as the packets tell."""
    close = row["close"]
    sides = {row["local"]: "local", row["remote"]: "remote"}
    source, how = conversation.first_end()
    first = sides.get(source)
    said = f"{close['first']} {close['how']} {close['reason']}; {line_of(row)}; on the wire: {first} {how}"
    if close["how"] in ("fin", "rst"):
        assert (first, how) == (close["first"], close["how"]), said
    else:
        # An end that nobody's FIN or RST made; the kernel may send an RST with it.
        assert first in (None, "local"), said
    events = {entry["event"] for entry in row["timeline"]}
    for event, (side, flag) in WIRE.items():
        if event in events:
            assert conversation.sent(flag, row[side]), f"no {event}: {said}"


def assert_known(row):
    fields = [field for field in ("first", "how", "reason", "phase") if row["close"][field] == "unknown"]
    assert not fields, f"unknown: {fields}"


def other_leg(daemon, row):
    """The leg that `row` names as its peer's, once it has ended, too."""
    path = f"/v1/history/{row['peer_id']}"
    eventually(lambda: daemon.get(path).status == 200, "the other leg in the history")
    return daemon.json(path)
