# SPDX-License-Identifier: MIT
"""The API for asyncio."""

import asyncio
import socket
from datetime import timedelta
from functools import wraps

import pytest
from conftest import make_config, port_of, wait_until

import opendht as blocking
import opendht.aio as dht


@pytest.fixture
def nodes(network):
    """Makes contexts of two nodes that know each other."""

    class Pair:
        async def __aenter__(self):
            self.a = dht.DhtRunner(config=make_config(network))
            await self.a.__aenter__()
            hosts = [('127.0.0.1', port_of(self.a))]
            self.b = dht.DhtRunner(config=make_config(network), bootstrap=hosts)
            await self.b.__aenter__()
            assert await self.a.ping(self.b.getBound())
            return self.a, self.b

        async def __aexit__(self, *error):
            await self.b.__aexit__(*error)
            await self.a.__aexit__(*error)

    return Pair


def in_loop(test):
    """Runs a test in a loop of its own."""

    @wraps(test)
    def run(*args, **kwargs):
        asyncio.run(asyncio.wait_for(test(*args, **kwargs), 60))

    return run


@in_loop
async def test_put_get_and_listen(nodes, key):
    async with nodes() as (a, b):
        value = dht.Value(b'data')
        assert await a.put(key, value) is True
        assert [it.data for it in await b.getAll(key)] == [b'data']
        with b.get(key) as results:
            assert [it.data async for it in results] == [b'data']
        with b.listen(key) as values:
            async for found, expired in values:
                assert (found.data, expired) == (b'data', False)
                break


@in_loop
async def test_listen_sees_changes_and_expiry(nodes, key):
    async with nodes() as (a, b):
        for node in (a, b):
            node.registerType(dht.ValueType(77, 'short', timedelta(seconds=1)))
        with b.listen(key) as values:
            await a.put(key, dht.Value(b'data', 77))
            first, second = await values.__anext__(), await values.__anext__()
            assert (first[0].id, first[1], second[1]) == (second[0].id, False, True)


@in_loop
async def test_get_first(nodes, key):
    async with nodes() as (a, b):
        for i in range(4):
            await a.put(key, dht.Value(b'%d' % i))

        async def is_two(value):
            await asyncio.sleep(0)
            return value.data == b'2'

        assert (await b.getFirst(key, predicate=is_two)).data == b'2'
        assert (await b.getFirst(key, predicate=lambda it: it.data == b'3')).data == b'3'
        assert await b.getFirst(key, predicate=lambda it: False) is None
        assert (await b.getFirst(key)).data in (b'0', b'1', b'2', b'3')
        found = await b.getAll(key, filter=lambda it: it.data < b'2')
        assert sorted(it.data for it in found) == [b'0', b'1']
        assert await b.getAll(key, where=dht.Where().userType('none')) == []


@in_loop
async def test_a_get_that_fails_raises(network, key):
    async with dht.DhtRunner(config=make_config(network)) as alone:
        with pytest.raises(RuntimeError, match='DHT get failed'):
            await alone.getAll(key)
        assert await alone.put(key, dht.Value(b'x')) is False
    with pytest.raises(RuntimeError, match='DHT get failed'):
        await alone.getAll(key)
    assert await alone.put(key, dht.Value(b'x')) is False
    assert [it async for it in alone.listen(key)] == []


@in_loop
async def test_a_filter_that_raises(nodes, key):
    async with nodes() as (a, b):
        await a.put(key, dht.Value(b'data'))
        with pytest.raises(ZeroDivisionError):
            await b.getAll(key, filter=lambda it: 1 / 0)
        assert len(await b.getAll(key)) == 1


@in_loop
async def test_cancelled_streams_end(nodes, key):
    async with nodes() as (a, b):
        await a.put(key, dht.Value(b'data'))
        listener = b.listen(dht.InfoHash.getRandom())
        waiting = asyncio.ensure_future(listener.__anext__())
        await asyncio.sleep(0.01)
        listener.cancel()
        with pytest.raises(StopAsyncIteration):
            await waiting
        second = b.listen(key)
        await asyncio.sleep(0.1)
        await b.cancelListen(second)
        assert [it async for it in second] == []
        stream = b.get(key)
        stream.cancel()
        assert [it async for it in stream] == []


async def is_cancelled_after(turns, operation):
    """Whether it was still under way after so many turns of the loop, and ended as it should."""
    task = asyncio.ensure_future(operation())
    for _ in range(turns):
        await asyncio.sleep(0)
    was_under_way = task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    # What came before it was told of the cancellation stands.
    is_over = not isinstance(result, BaseException)
    assert is_over or isinstance(result, asyncio.CancelledError)
    return was_under_way


@pytest.mark.parametrize(
    'name', ['put', 'putSigned', 'putEncrypted', 'getAll', 'getFirst', 'ping', 'get', 'listen']
)
def test_tasks_can_be_cancelled_at_every_await(start, key, identities, name):
    core, other = start(identities[1]), start(identities[2])
    assert other.put(key, blocking.Value(b'data'))
    link = blocking._process.connection()
    opened_before = set(link._open)

    async def main():
        node = dht.DhtRunner(core=core)

        async def is_other(value):
            await asyncio.sleep(0)
            return value.data == b'other'

        async def read(start_stream):
            with start_stream(key) as items:
                async for _ in items:
                    await asyncio.sleep(0)

        operation = {
            'put': lambda: node.put(key, dht.Value(b'new')),
            'putSigned': lambda: node.putSigned(key, dht.Value(b'new')),
            'putEncrypted': lambda: node.putEncrypted(
                key, identities[2].publickey, dht.Value(b'new')
            ),
            'getAll': lambda: node.getAll(key),
            'getFirst': lambda: node.getFirst(key, predicate=is_other),
            'ping': lambda: node.ping(other.getBound()),
            'get': lambda: read(node.get),
            'listen': lambda: read(node.listen),
        }[name]
        turns, was_under_way = 0, True
        while was_under_way and turns < 1000:
            was_under_way = await is_cancelled_after(turns, operation)
            turns += 1 + turns // 4
        assert await node.put(key, dht.Value(b'still works'))

    asyncio.run(asyncio.wait_for(main(), 60))
    # The engine knows of each cancellation: nothing of it goes on.
    assert wait_until(lambda: set(link._open) <= opened_before)


@in_loop
async def test_a_put_that_is_cancelled_is_withdrawn(network, key):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(('127.0.0.1', 0))
        # Nobody answers there: the put waits for the network.
        hosts = [('127.0.0.1', str(silent.getsockname()[1]))]
        async with dht.DhtRunner(config=make_config(network), bootstrap=hosts) as node:
            task = asyncio.ensure_future(node.put(key, dht.Value(b'data')))
            while str(key) not in node.getStorageLog():
                await asyncio.sleep(0.005)
            assert task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while str(key) in node.getStorageLog():
                await asyncio.sleep(0.005)


@in_loop
async def test_a_start_that_is_cancelled_leaves_nothing_behind(network):
    node = dht.DhtRunner(config=make_config(network))
    task = asyncio.ensure_future(node.__aenter__())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not node.isRunning()


@in_loop
async def test_contexts_can_be_cancelled_at_any_time(network, key):
    async def use(node):
        async with node:
            # Where nobody answers: the end has something to wait for.
            node.bootstrap('127.0.0.1', '9')
            put = asyncio.ensure_future(node.put(key, dht.Value(b'data')))
            await asyncio.sleep(0.005)
        assert await put is False

    for i in range(12):
        node = dht.DhtRunner(config=make_config(network))
        task = asyncio.ensure_future(use(node))
        await asyncio.sleep(0.004 * i)
        task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        assert error is None or isinstance(error, asyncio.CancelledError)
        assert not node.isRunning()


@in_loop
async def test_exceptions_leave_the_context(network):
    with pytest.raises(ZeroDivisionError):
        async with dht.DhtRunner(config=make_config(network)) as node:
            raise ZeroDivisionError
    assert not node.isRunning()


@in_loop
async def test_signed_and_encrypted(network, key, identities):
    async with dht.DhtRunner(config=make_config(network)) as a, dht.DhtRunner() as b:
        await b.shutdown()
        await b.join()
        b.run(id=identities[2], ipv4='127.0.0.1', config=make_config(network))
        await a.join()
        a.run(id=identities[1], ipv4='127.0.0.1', config=make_config(network))
        b.bootstrap('127.0.0.1', port_of(a))
        assert await a.ping(b.getBound())
        assert await a.putSigned(key, dht.Value(b'signed'))
        assert await a.putEncrypted(key, identities[2].publickey, dht.Value(b'secret'))
        found = {it.data: it for it in await b.getAll(key)}
        assert found[b'signed'].owner.getId() == a.getId()
        assert found[b'secret'].recipient == b.getId()
        with pytest.raises(TypeError):
            await a.putEncrypted(key, key, dht.Value(b'x'))


@in_loop
async def test_a_slow_reader_loses_nothing_and_holds_nobody_up(nodes, key):
    async with nodes() as (a, b):
        with b.listen(key) as values:
            await asyncio.gather(*(a.put(key, dht.Value(b'%d' % i)) for i in range(400)))
            seen = set()
            async for value, _ in values:
                seen.add(value.data)
                if len(seen) % 50 == 0:
                    await asyncio.sleep(0.01)
                if len(seen) == 400:
                    break


@in_loop
async def test_many_operations_at_once(nodes):
    async with nodes() as (a, b):
        keys = [dht.InfoHash.getRandom() for _ in range(300)]
        puts = await asyncio.gather(*(a.put(key, dht.Value(bytes(key))) for key in keys))
        assert all(puts)
        found = await asyncio.gather(*(b.getAll(key) for key in keys))
        assert [it[0].data for it in found] == [bytes(key) for key in keys]


@in_loop
async def test_a_blocking_runner_can_be_wrapped(network, key):
    core = blocking.DhtRunner()
    core.run(ipv4='127.0.0.1', config=make_config(network))
    node = dht.DhtRunner(core=core)
    async with node:
        assert node.getNodeId() == core.getNodeId()
        assert node.getStorageLog() == core.getStorageLog()
        with pytest.raises(AttributeError):
            node.nothing()
    assert not core.isRunning()


def test_a_node_lives_on_in_another_loop(network, key):
    node = dht.DhtRunner(config=make_config(network))
    node.run(ipv4='127.0.0.1')

    async def put():
        return await node.put(key, dht.Value(b'data'))

    assert asyncio.run(put()) is False
    assert asyncio.run(put()) is False

    async def leave():
        node.listen(key)

    asyncio.run(leave())
    assert wait_until(lambda: node.isRunning())
    asyncio.run(node.join())


def test_streams_are_of_the_loop_that_was_given(network, key):
    loop = asyncio.new_event_loop()
    node = dht.DhtRunner(loop=loop, config=make_config(network))
    node.run(ipv4='127.0.0.1')

    async def read(stream):
        return [it async for it in stream]

    with pytest.raises(RuntimeError, match='DHT get failed'):
        loop.run_until_complete(read(node.get(key)))
    listener = node.listen(key)
    loop.call_later(0.05, listener.cancel)
    assert loop.run_until_complete(asyncio.wait_for(read(listener), 10)) == []
    loop.run_until_complete(node.join())
    loop.close()
