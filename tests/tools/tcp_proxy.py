"""A TCP proxy for tests that disturbs the connections through it: cut, held, one direction dropped, or cut around a COMMIT.

It runs on a thread of the test. Every method may be called at any time.
"""
import asyncio
import contextlib
import os
import random
import re
import socket
import struct
import threading

# The end of a Parse or Query message whose statement is COMMIT, and the completion of one.
COMMIT_SENT = re.compile(rb"\0\s*commit\s*;?\s*\0|Q....\s*commit\s*;?\s*\0", re.IGNORECASE | re.DOTALL)
COMMIT_DONE = b"C\0\0\0\x0bCOMMIT\0"
LONGEST = 64  # bytes of these patterns


def ports_of(pid):
    """The local ports of the TCP connections of a process."""
    inodes, ports = set(), set()
    with contextlib.suppress(OSError):
        for number in os.listdir("/proc/%d/fd" % pid):
            with contextlib.suppress(OSError):
                inodes.add(os.readlink("/proc/%d/fd/%s" % (pid, number))[len("socket:["):-1])
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table.readlines()[1:]:
            fields = line.split()
            if fields[9] in inodes:
                ports.add(int(fields[1].split(":")[1], 16))
    return ports


class Link:
    """One connection of a client and the one to the server that belongs to it."""

    def __init__(self, client, server, port):
        self.client, self.server, self.port = client, server, port
        self.free = asyncio.Event()  # not set: its process is isolated
        self.free.set()
        self.tail = {"up": b"", "down": b""}
        self.writes = False  # it has sent INSERT, so its COMMIT is of more than reading
        self.fate = None  # "answer": cut once the answer to COMMIT comes from the server

    def saw(self, direction, data, pattern):
        """Whether the pattern ends in this data; it may have begun in the data before."""
        text = self.tail[direction] + data
        self.tail[direction] = text[-LONGEST:]
        found = pattern.search(text) if isinstance(pattern, re.Pattern) else None if pattern not in text else pattern
        if found:
            self.tail[direction] = b""
        return bool(found)

    def cut(self, reset=True):
        for writer in (self.client, self.server):
            with contextlib.suppress(OSError, AttributeError):
                if reset:
                    raw = writer.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(Exception):
                writer.transport.abort() if reset else writer.close()


class Proxy:
    """Passes everything on to `port` of 127.0.0.1. It listens on a free port of that address, or on `listen`."""

    def __init__(self, port, seed=1, listen=("127.0.0.1", 0)):
        self.target, self.listen = port, listen
        self.isolated = set()
        self.links = set()
        self.accepts = True
        self.open = {"up": True, "down": True}  # up: from client to server
        self.dropped = {"up": False, "down": False}
        self.commit_fate = None  # what happens to the next COMMIT: "request", "answer"
        self.commit_share = 0.0
        self.commit_writes = False
        self.draw = random.Random(seed)
        self.cut_commits = 0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        self.ready.wait()

    # --- the faults

    def cut(self, reset=True):
        """Ends all connections now. New ones are accepted."""
        self.do(lambda: [link.cut(reset) for link in list(self.links)])

    def hold(self, direction=None):
        """Passes nothing on, in both directions or one, and ends nothing: a partition without a message. heal() passes on what was held."""
        self.do(lambda: self.set_open(direction, False))

    def drop(self, direction):
        """The same for one direction, but what came is lost: after heal() these connections are of no use any more."""
        self.do(lambda: self.dropped.update({direction: True}))

    def refuse(self):
        """Ends all connections and refuses new ones."""
        self.do(self.close_all)

    def heal(self):
        self.do(self.set_whole)

    def isolate(self, pid):
        """hold() for the connections of one process, the ones that it makes later too."""
        self.do(lambda: self.set_isolated(pid))

    def lose_commits(self, what, share=1.0, count=None, writes=False):
        """Cuts a connection at a COMMIT: "request" before the server gets it, "answer" after the server carried it out and before the client
        knows. `share`: of the commits; `count`: of cuts at most; `writes`: only of connections that have sent an INSERT since. None for
        `what` ends it."""
        def change():
            self.commit_fate, self.commit_share, self.commit_count, self.commit_writes = what, share, count, writes
        self.do(change)

    def close(self):
        self.do(self.close_all)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(timeout=10)

    # --- the loop

    def do(self, what):
        """Runs it on the proxy's thread and waits for it."""
        done = threading.Event()

        def run():
            try:
                what()
            finally:
                done.set()
        self.loop.call_soon_threadsafe(run)
        if not done.wait(10):
            raise RuntimeError("the proxy does not answer")

    def set_open(self, direction, value):
        for one in ("up", "down") if direction is None else (direction,):
            self.open[one] = value
            if value:
                self.opened[one].set()
            else:
                self.opened[one].clear()

    def set_isolated(self, pid):
        self.isolated.add(pid)
        ports = ports_of(pid)
        for link in self.links:
            if link.port in ports:
                link.free.clear()

    def set_whole(self):
        self.accepts = True
        self.isolated.clear()
        for link in list(self.links):
            link.free.set()
            if self.dropped["up"] or self.dropped["down"]:
                link.cut()
        self.dropped.update(up=False, down=False)
        self.set_open(None, True)

    def close_all(self):
        self.accepts = False
        for link in list(self.links):
            link.cut()

    def serve(self):
        asyncio.set_event_loop(self.loop)
        self.opened = {one: asyncio.Event() for one in ("up", "down")}
        for event in self.opened.values():
            event.set()
        server = self.loop.run_until_complete(asyncio.start_server(self.accept, *self.listen, limit=1 << 18))
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        self.loop.run_forever()
        server.close()
        left = asyncio.all_tasks(self.loop)
        for task in left:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.loop.close()

    async def accept(self, reader, writer):
        if not self.accepts:
            writer.transport.abort()
            return
        await self.opened["up"].wait()
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target, limit=1 << 18)
        except OSError:
            writer.transport.abort()
            return
        link = Link(writer, to_server, writer.get_extra_info("peername")[1])
        self.links.add(link)
        if any(link.port in ports_of(pid) for pid in self.isolated):
            link.free.clear()
        # Cancelled where the proxy is closed: asyncio would print it.
        with contextlib.suppress(asyncio.CancelledError):
            pumps = [asyncio.ensure_future(self.pump(link, "up", reader, to_server)),
                     asyncio.ensure_future(self.pump(link, "down", from_server, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for one in pumps:
                one.cancel()
        self.links.discard(link)
        link.cut(reset=False)

    async def pump(self, link, direction, reader, writer):
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(1 << 16):
                await self.opened[direction].wait()
                await link.free.wait()
                if self.dropped[direction]:
                    continue
                if self.commit_fate is not None or link.fate is not None:
                    if not self.passes(link, direction, data):
                        link.cut()
                        return
                    if link.fate is not None and direction == "down":
                        continue
                writer.write(data)
                await writer.drain()

    def passes(self, link, direction, data):
        """False: the connection is to be cut here."""
        if direction == "down":
            if link.fate != "answer" or not link.saw("down", data, COMMIT_DONE):
                return True
            self.cut_commits += 1
            return False
        link.writes = link.writes or b"INSERT INTO " in data
        if link.fate is not None or not link.saw("up", data, COMMIT_SENT) or self.commit_writes > link.writes or self.draw.random() >= self.commit_share:
            return True
        fate = self.commit_fate
        if self.commit_count is not None:
            self.commit_count -= 1
            if self.commit_count <= 0:
                self.commit_fate = None
        if fate == "request":
            self.cut_commits += 1
            return False
        link.fate = "answer"
        return True
