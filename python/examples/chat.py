# SPDX-License-Identifier: MIT
"""A room for all who know its name: `python chat.py ROOM [HOST]`. Lines are put under the hash of
the name, and so is what others write.
"""

import asyncio
import sys

import opendht.aio as dht


async def main(room, host='bootstrap.jami.net'):
    key = dht.InfoHash.get(room)
    async with dht.DhtRunner(bootstrap=[(host, None)]) as node:
        own = set()

        async def show():
            with node.listen(key) as values:
                async for value, expired in values:
                    if not expired and value.id not in own:
                        print('>', value.data.decode(errors='replace'))

        shown = asyncio.ensure_future(show())
        while line := await asyncio.to_thread(sys.stdin.readline):
            value = dht.Value(line.strip().encode())
            value.user_type = 'text/plain'
            put = asyncio.ensure_future(node.put(key, value))
            await asyncio.sleep(0)
            own.add(value.id)
            if not await put:
                print('(not delivered)')
        shown.cancel()


asyncio.run(main(*sys.argv[1:]))
