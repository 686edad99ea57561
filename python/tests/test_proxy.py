# SPDX-License-Identifier: MIT
"""Nodes that use a proxy, here one of C++, in place of sockets of their own."""

import asyncio
import http.server
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request

import pytest
from conftest import make_config, wait_until

import opendht as dht
import opendht.aio


def free_tcp_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


@pytest.fixture
def proxy(start, network):
    """URL of a proxy whose node knows ours."""
    program = shutil.which('dhtnode', path='/usr/bin')
    if program is None:
        pytest.skip('dhtnode of C++ is not installed')
    first = start()
    port = free_tcp_port()
    options = ['-s', '-n', str(network % 2**31), '-p', '0', '-b']
    hosts = f'127.0.0.1:{first.getBound().getPort()}'
    process = subprocess.Popen(
        [program, *options, hosts, '--proxyserver', str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f'http://127.0.0.1:{port}'

    def answers():
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    assert wait_until(answers)
    yield url, first
    process.kill()
    process.wait(20)


@pytest.fixture
def network(network):
    """dhtnode reads the network as a signed number."""
    return network % 2**31


def test_values_through_a_proxy(proxy, key):
    url, node = proxy
    client = dht.DhtRunner(proxy=url)
    client.run()
    assert client.isRunning() and client.getBound().getFamily() == 0
    assert wait_until(lambda: client.put(key, dht.Value(b'through a proxy')))
    assert b'through a proxy' in [it.data for it in node.get(key)]
    heard = []
    client.listen(key, lambda value, expired: heard.append(value.data) or True)
    assert node.put(key, dht.Value(b'from a node'))
    assert wait_until(lambda: b'from a node' in heard)
    assert {it.data for it in client.get(key)} == {b'through a proxy', b'from a node'}
    ended = []
    client.get(key, lambda value: True, lambda ok, nodes: ended.append(ok))
    assert wait_until(lambda: ended == [True])
    client.join()


def test_a_configuration_names_a_proxy(proxy, key):
    url, node = proxy
    config = dht.DhtConfig()
    config.setProxyInfo(url)

    async def main():
        async with opendht.aio.DhtRunner(config=config) as client:
            assert await client.put(key, dht.Value(b'data'))
            return [it.data for it in await client.getAll(key)]

    assert asyncio.run(main()) == [b'data']


def test_without_a_proxy_operations_fail(key):
    client = dht.DhtRunner(proxy=f'127.0.0.1:{free_tcp_port()}')
    client.run()
    assert client.put(key, dht.Value(b'x')) is False
    client.join()
    with pytest.raises((TypeError, ValueError), match='http'):
        dht.DhtRunner(proxy='ftp://127.0.0.1').run()
    with pytest.raises(TypeError):
        dht.DhtRunner(proxy=3)
    assert make_config(1)._packed(0, '', '', None).get('proxy') is None


@pytest.fixture
def recorder():
    """A server that knows nothing, and the headers of what it was asked."""
    seen = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}', seen
    server.shutdown()
    server.server_close()


def test_the_configured_user_agent_is_sent(recorder):
    url, seen = recorder
    config = dht.DhtConfig()
    config.setProxyInfo(url, user_agent='program/1.2')
    client = dht.DhtRunner()
    client.run(config=config)
    assert wait_until(lambda: seen)
    client.join()
    assert {it['User-Agent'] for it in seen} == {'program/1.2'}
    config.setProxyInfo(url, user_agent='two\nlines')
    with pytest.raises((TypeError, ValueError), match='User-Agent'):
        client.run(config=config)
