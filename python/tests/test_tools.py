# SPDX-License-Identifier: MIT
"""The programs of the package, against a small network."""

import json
import re
import subprocess
import sys

import pytest
from conftest import make_config, port_of

import opendht as dht


def run_tool(name, *arguments):
    program = [sys.executable, '-m', f'opendht.tools.{name}', *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=60)


@pytest.fixture
def small_network(network):
    nodes = []
    for _ in range(12):
        node = dht.DhtRunner()
        node.run(ipv4='127.0.0.1', config=make_config(network))
        if nodes:
            node.bootstrap('127.0.0.1', port_of(nodes[0]))
            assert nodes[0].ping(node.getBound())
        nodes.append(node)
    yield nodes
    for node in nodes:
        node.join()


def test_the_scanner_finds_all_nodes(small_network, network):
    host = f'127.0.0.1:{port_of(small_network[0])}'
    done = run_tool('scanner', '-b', host, '--network', str(network))
    assert done.returncode == 0, done.stderr
    found = dict(re.findall(r'^Node (\w+): (\S+)$', done.stdout, re.M))
    wanted = {it.getNodeId().decode(): f'127.0.0.1:{port_of(it)}' for it in small_network}
    assert wanted.items() <= found.items()


def test_the_network_monitor_says_how_long_it_took(small_network, network):
    host = f'127.0.0.1:{port_of(small_network[0])}'
    done = run_tool('network_monitor', '-b', host, '--network', str(network), '--once')
    assert done.returncode == 0, done.stderr
    assert re.search(r'Test completed successfully in \d\.\d+ s', done.stdout)


def test_the_network_monitor_notices_that_there_is_no_network(network):
    options = ['-b', '127.0.0.1:9', '--network', str(network), '-t', '0.2', '--once']
    done = run_tool('network_monitor', *options)
    assert done.returncode == 1 and 'Test timeout !' in done.stdout


def test_pingpong():
    done = run_tool('pingpong', '--nodes', '3', '--rounds', '20')
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('20 ping-pong done, took ')


def test_the_benchmark_measures_everything():
    done = run_tool('benchmark', '--count', '20', '--json')
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)['this package']
    assert len(figures) == 11
    assert all(it > 0 for figure in figures.values() for it in figure.values())
