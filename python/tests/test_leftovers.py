# SPDX-License-Identifier: MIT
"""What is interrupted, or killed, leaves nothing behind: no node, no process, no pipe."""

import os
import signal
import socket
import subprocess
import sys

from conftest import make_config, read_line, wait_until
from test_process import START, is_alive, posix_only

import opendht as dht


class Interrupted(BaseException):
    pass


@posix_only
def test_a_run_that_is_interrupted_leaves_no_node_behind(network, free_port):
    def interrupt(*_):
        raise Interrupted

    def run():
        node = dht.DhtRunner()
        node.run(port=free_port, ipv4='127.0.0.1', config=make_config(network))
        signal.setitimer(signal.ITIMER_REAL, 0)
        node.join()

    run()
    interrupted = 0
    former = signal.signal(signal.SIGALRM, interrupt)
    try:
        for i in range(1, 30):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0003 * i)
                run()
            except Interrupted:
                interrupted += 1
            except dht.DhtError as error:
                # The start before was interrupted, and may have come so far meanwhile.
                assert error.code == 'ERR_DHT_BIND'
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            assert wait_until(lambda: is_free(free_port), 20), i
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)
    assert interrupted > 0
    assert wait_until(lambda: is_free(free_port), 20)


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('127.0.0.1', port))
        except OSError:
            return False
        return True


@posix_only
def test_a_start_of_the_process_that_is_interrupted_leaves_none(tmp_path):
    sleeper = tmp_path / 'node'
    sleeper.write_text('#!/bin/sh\necho $$ >&2\nexec sleep 20\n')
    sleeper.chmod(0o755)
    program = """
import opendht, signal, time
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 1)
try:
    opendht.DhtRunner().run()
except KeyboardInterrupt:
    print('interrupted', flush=True)
    time.sleep(30)
"""
    environment = {**os.environ, 'OPENDHT_NODE': str(sleeper)}
    pipes = {'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True}
    with subprocess.Popen([sys.executable, '-c', program], env=environment, **pipes) as process:
        pid = int(read_line(process.stderr))
        assert read_line(process.stdout) == 'interrupted\n'
        is_left = not wait_until(lambda: not is_alive(pid), 15)
        process.kill()
    assert not is_left


@posix_only
def test_a_process_that_ended_leaves_no_pipes_open():
    program = f"""{START}
node = None
for _ in range(3):
    os.kill(connection().process.pid, 9)
    while connection.__globals__['_current'].is_open:
        time.sleep(0.01)
    dht.PrivateKey.generateEC()
"""
    interpreter = [sys.executable, '-W', 'always::ResourceWarning', '-c', program]
    done = subprocess.run(interpreter, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, '')
