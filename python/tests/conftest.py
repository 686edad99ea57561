# SPDX-License-Identifier: MIT
"""Nodes for the tests: on loopback, in a network of their own, without limits."""

import os
import random
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import opendht as dht

CPP_PYTHON = '/usr/bin/python3'
TESTS = Path(__file__).parent


def clean_environment():
    """In which the C++ module is found, not this package."""
    return {name: text for name, text in os.environ.items() if not name.startswith('PYTHON')}


def make_config(network):
    config = dht.DhtConfig()
    config.setNetwork(network)
    config.setRateLimit(-1, -1)
    return config


def port_of(runner):
    return str(runner.getBound().getPort())


def wait_until(condition, seconds=10.0):
    """True as soon as the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def run_program(text, timeout=30, interpreter=sys.executable, **options):
    """A program in a process of its own."""
    return subprocess.run(
        [interpreter, '-c', text],
        timeout=timeout,
        capture_output=True,
        text=True,
        cwd=TESTS,
        **options,
    )


@pytest.fixture(scope='session')
def network():
    return random.randrange(1, 2**32)


@pytest.fixture
def start(network):
    """Starts nodes that the first one knows, and ends all of them."""
    runners = []

    def start_one(identity=None, config=None):
        runner = dht.DhtRunner()
        runner.run(id=identity, ipv4='127.0.0.1', config=config or make_config(network))
        if runners:
            runner.bootstrap('127.0.0.1', port_of(runners[0]))
            assert runners[0].ping(runner.getBound())
        runners.append(runner)
        return runner

    yield start_one
    for runner in runners:
        runner.join()


@pytest.fixture
def pair(start):
    return start(), start()


@pytest.fixture
def key():
    return dht.InfoHash.getRandom()


@pytest.fixture(scope='session')
def identities():
    """An authority, and two whom it knows."""
    authority = dht.Identity.generate('authority', dht.Identity(), 2048)
    return [authority, *(dht.Identity.generate(name, authority, 2048) for name in 'ab')]


@pytest.fixture(scope='session')
def has_cpp():
    """Skips what needs the C++ module."""
    program = [CPP_PYTHON, '-c', 'import opendht']
    probe = subprocess.run(program, capture_output=True, env=clean_environment(), cwd=TESTS)
    if probe.returncode != 0:
        pytest.skip('python3-opendht is not installed')


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
