# SPDX-License-Identifier: MIT
"""How fast two nodes hear from each other: each listens at a key, and answers what it hears with a
put at the key of the other. The nodes of the network are here, too.

    dht-pingpong [--nodes 11] [--rounds 2048]
"""

import argparse
import asyncio
import time

import opendht.aio as dht


async def play(node, own, other, rounds):
    """Answers until there were enough rounds; returns how many there were."""
    count = 0
    with node.listen(own) as values:
        async for _, expired in values:
            if expired:
                continue
            count += 1
            if not await node.put(other, dht.Value(b'hey')):
                raise RuntimeError('a put failed')
            if count == rounds:
                break
    return count


async def run(nodes, rounds):
    config = dht.DhtConfig()
    config.setNetwork(int.from_bytes(bytes(dht.InfoHash.getRandom())[:3], 'big') + 1)
    config.setRateLimit(-1, -1)
    runners = [dht.DhtRunner(config=config) for _ in range(nodes)]
    for runner in runners:
        runner.run(ipv4='127.0.0.1')
        if runner is not runners[0]:
            runner.bootstrap('127.0.0.1', str(runners[0].getBound().getPort()))
            await runners[0].ping(runner.getBound())
    a, b = runners[0], runners[-1]
    here, there = dht.InfoHash.getRandom(), dht.InfoHash.getRandom()
    players = [
        asyncio.ensure_future(play(a, here, there, rounds)),
        asyncio.ensure_future(play(b, there, here, rounds)),
    ]
    begin = time.perf_counter()
    await a.put(here, dht.Value(b'hey'))
    await asyncio.wait(players, return_when=asyncio.FIRST_COMPLETED)
    took = time.perf_counter() - begin
    for player in players:
        player.cancel()
    await asyncio.gather(*players, return_exceptions=True)
    for runner in runners:
        await runner.join()
    return took


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--nodes', type=int, default=11, help='nodes of the network (default 11)')
    parser.add_argument('--rounds', type=int, default=2048, help='default 2048')
    options = parser.parse_args()
    if options.nodes < 2 or options.rounds < 1:
        parser.error('there must be 2 nodes and 1 round at least')
    took = asyncio.run(run(options.nodes, options.rounds))
    print(
        f'{options.rounds} ping-pong done, took {took:.3f} s: '
        f'{1000 * took / options.rounds:.2f} ms per round trip, '
        f'{options.rounds / took:.0f} per s'
    )


if __name__ == '__main__':
    main()
