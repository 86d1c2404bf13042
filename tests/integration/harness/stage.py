# SPDX-License-Identifier: Apache-2.0
"""A network of its own for a table of endings: one daemon, its peers, and tcpdump, which sees all that goes between."""
import contextlib

from harness.capture import Capture
from harness.endings import assert_as_on_the_wire, assert_known, assert_times, has
from harness.network import CLONE_NEWNET, own_namespace, raise_firewall
from harness.wait import eventually


class Stage:
    """What the acts of a table play on; `daemon` is there once `launch` was called. Every method but `play` is for
    acts, which run in the namespace."""

    def __init__(self, run, folder):
        self._run, self._folder = run, folder
        self._closing = contextlib.ExitStack()
        self.daemon = None
        self.servers = {}
        self._names = {}  # kept, since a closed socket has none

    def play(self, ending, unknowable=()):
        """Lets an ending come about, and compares what is said of it with what was expected, and with the wire.
        `unknowable` are the names of those of which not everything can be known."""
        with contextlib.ExitStack() as self.keeping:
            rows = self._run(ending.act, self)
            assert len(rows) == len(ending.legs), rows
            for row, leg in zip(rows, ending.legs):
                leg.assert_is(row)
                if ending.name not in unknowable:
                    assert_known(row)
                assert_times(row)
                conversation = self._run(self._capture.between, row["local"], row["remote"])
                assert_as_on_the_wire(row, conversation)

    def open(self):
        raise_firewall()
        self._capture = self._closing.enter_context(Capture(self._folder))

    def serve(self, name, server):
        """A server of the test's until the end of the table; answers its address, as a configuration has it."""
        self.servers[name] = self._closing.enter_context(server)
        return self.servers[name].address


    def close(self):
        self._closing.close()

    # --- what acts need ---------------------------------------------------------------------------

    def connect(self, listener, **options):
        """A peer that lives until its row was judged."""
        peer = self.keeping.enter_context(self.daemon.connect(listener, **options))
        self._names[peer] = peer.name
        return peer

    def accept(self, name):
        return self.keeping.enter_context(self.servers[name].accept())

    def talk(self, listener, **options):
        """The same, after a word and its echo."""
        peer = self.connect(listener, **options)
        ping(peer)
        return peer

    def kill(self, peer, how="graceful"):
        done = self.daemon.request("DELETE", f"/v1/connections/{self.live(peer)['id']}?how={how}")
        assert done.json == {"ended": 1}, done.text

    def live(self, peer):
        return self.daemon.live(self._names[peer])

    def wait_for_state(self, peer, *states):
        eventually(lambda: self.live(peer)["state"] in states, f"one of {states}")

    def wait_for_ack(self, peer):
        """The daemon has seen that its FIN was acknowledged."""
        eventually(lambda: has(self.live(peer), "fin_acked"), "the ACK of the daemon's FIN")

    def ended(self, peer):
        return self.daemon.ended(self._names[peer])


def ping(peer):
    peer.send(b"ping")
    assert peer.read(4) == b"ping"


@contextlib.contextmanager
def raised(launch, folder, prepare):
    """A stage in a namespace of its own; `prepare` sets it up and answers the daemon's configuration."""
    with own_namespace(CLONE_NEWNET, ["ip", "link", "set", "lo", "up"]) as network:
        def run(work, *arguments):
            return network.submit(work, *arguments).result()
        stage = Stage(run, folder)
        try:
            run(stage.open)
            config = run(prepare, stage)
            stage.daemon = run(launch, config)
            yield stage
        finally:
            run(stage.close)
