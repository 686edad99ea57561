# SPDX-License-Identifier: MIT
"""Nodes for the tests: on loopback, in a network of their own, without limits."""

import faulthandler
import os
import random
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import opendht as dht

CPP_PYTHON = '/usr/bin/python3'
TESTS = Path(__file__).parent
# No test may hold the others up. Each takes seconds; a busy computer is slow.
TEST_LIMIT = 150

_limits = {'seconds': TEST_LIMIT}


def pytest_addoption(parser):
    parser.addoption('--test-limit', type=float, default=TEST_LIMIT, help='seconds of one test')


def pytest_configure(config):
    # A copy: while tests run, the true one leads to what pytest shows afterwards.
    _limits['output'] = os.fdopen(os.dup(2), 'w')
    _limits['seconds'] = config.getoption('--test-limit')


def pytest_runtest_logstart():
    """Ends everything, after telling what all threads do; no lock of the interpreter stops it."""
    faulthandler.dump_traceback_later(_limits['seconds'], exit=True, file=_limits['output'])


def pytest_runtest_logfinish():
    faulthandler.cancel_dump_traceback_later()


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


def wait_until(condition, seconds=30.0):
    """True as soon as the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def read_line(pipe, seconds=30):
    """The next line of another program, which has written no other one yet."""
    assert os.name == 'nt' or select.select([pipe], [], [], seconds)[0], 'the program says nothing'
    return pipe.readline()


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
    options = {'capture_output': True, 'env': clean_environment(), 'cwd': TESTS}
    probe = subprocess.run(program, timeout=60, **options)
    if probe.returncode != 0:
        pytest.skip('python3-opendht is not installed')


@pytest.fixture
def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
