# SPDX-License-Identifier: MIT
"""Watches whether a network works: what one node puts, another that listens has to hear in time.

    dht-network-monitor [-b HOST[:PORT]] [-n KEYS] [-p SECONDS] [-t SECONDS] [--network ID] [--once]

Every period a line says how long it took. The first time that it takes too long ends the program
with status 1.
"""

import argparse
import asyncio
import os
import sys
import time

import opendht.aio as dht

DEFAULT_HOST = 'bootstrap.jami.net'


class Monitor:
    """Two nodes, and the keys that one of them listens at."""

    def __init__(self, writer, reader, count):
        self.writer, self.reader = writer, reader
        self.keys = [dht.InfoHash.getRandom() for _ in range(count)]
        self._wanted = {}
        self._listens = [asyncio.ensure_future(self._listen(key)) for key in self.keys]

    async def test(self, timeout):
        """Seconds until all values were heard, or None after the timeout."""
        loop = asyncio.get_running_loop()
        begin = time.perf_counter()
        for key in self.keys:
            data = os.urandom(20).hex().encode()
            self._wanted[key, data] = loop.create_future()
            asyncio.ensure_future(self.writer.put(key, dht.Value(data)))
        _, late = await asyncio.wait(self._wanted.values(), timeout=timeout)
        self._wanted.clear()
        return None if late else time.perf_counter() - begin

    async def _listen(self, key):
        with self.reader.listen(key) as values:
            async for value, expired in values:
                heard = self._wanted.get((key, value.data))
                if heard is not None and not expired and not heard.done():
                    heard.set_result(None)

    async def close(self):
        for listen in self._listens:
            listen.cancel()
        await asyncio.gather(*self._listens, return_exceptions=True)


async def run(options):
    host, _, port = options.bootstrap.partition(':')
    config = dht.DhtConfig()
    config.setNetwork(options.network)
    hosts = [(host, port or None)]
    async with dht.DhtRunner(config=config, bootstrap=hosts) as writer:
        async with dht.DhtRunner(config=config, bootstrap=hosts) as reader:
            monitor = Monitor(writer, reader, options.num_ops)
            try:
                return await watch(monitor, options)
            finally:
                await monitor.close()


async def watch(monitor, options):
    while True:
        took = await monitor.test(options.timeout)
        now = time.strftime('%Y-%m-%d %H:%M:%S')
        if took is None:
            print(now, 'Test timeout !', flush=True)
            return 1
        print(now, f'Test completed successfully in {took:.3f} s', flush=True)
        if options.once:
            return 0
        await asyncio.sleep(options.period)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('-b', '--bootstrap', default=DEFAULT_HOST, help=f'default {DEFAULT_HOST}')
    parser.add_argument('-n', '--num-ops', type=int, default=8, help='keys, default 8')
    parser.add_argument('-p', '--period', type=float, default=60, help='seconds, default 60')
    parser.add_argument('-t', '--timeout', type=float, default=15, help='seconds, default 15')
    parser.add_argument('--network', type=int, default=0, help='network id, default 0')
    parser.add_argument('--once', action='store_true', help='one test only')
    try:
        sys.exit(asyncio.run(run(parser.parse_args())))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == '__main__':
    main()
