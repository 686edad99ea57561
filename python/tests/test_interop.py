# SPDX-License-Identifier: MIT
"""Nodes of this package and of the C++ module in one network."""

import json
import subprocess

import pytest
from conftest import CPP_PYTHON, TESTS, clean_environment, port_of, read_line, wait_until

import opendht as dht


class CppNode:
    """A program with one C++ node that does what it is told, line by line."""

    def __init__(self, network, bootstrap, *name):
        self._process = subprocess.Popen(
            [CPP_PYTHON, str(TESTS / 'cpp_node.py'), str(network), bootstrap, *name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=clean_environment(),
            cwd=TESTS,
        )
        self.port = self._read()['port']

    def ask(self, *request):
        self._process.stdin.write(json.dumps(request) + '\n')
        self._process.stdin.flush()
        return self._read()

    def close(self):
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _read(self):
        return json.loads(read_line(self._process.stdout, 60))


@pytest.fixture
def cpp(has_cpp, start, network):
    first = start()
    node = CppNode(network, port_of(first))
    # Until both count each other among those that store.
    assert wait_until(lambda: first.ping(dht.SockAddr._of('127.0.0.1', node.port)))
    yield first, node
    node.close()


def test_values_go_both_ways(cpp, key):
    ours, theirs = cpp
    value = dht.Value(b'from ours')
    value.user_type = 'text/plain'
    assert ours.put(key, value)
    (found,) = theirs.ask('get', str(key))
    assert found == ['from ours', value.id, 'text/plain', str(value)]
    other = dht.InfoHash.getRandom()
    assert theirs.ask('put', str(other), 'from theirs') is True
    assert [it.data for it in ours.get(other)] == [b'from theirs']


def test_large_values_go_both_ways(cpp, key):
    ours, theirs = cpp
    text = 'abcdefgh' * 5000
    assert ours.put(key, dht.Value(text.encode()))
    assert theirs.ask('get', str(key))[0][0] == text
    other = dht.InfoHash.getRandom()
    assert theirs.ask('put', str(other), text) is True
    assert ours.get(other)[0].data == text.encode()


def test_listens_go_both_ways(cpp, key):
    ours, theirs = cpp
    heard = []
    ours.listen(key, lambda value, expired: heard.append(value.data) or True)
    assert theirs.ask('put', str(key), 'from theirs') is True
    assert wait_until(lambda: heard == [b'from theirs'])
    other = dht.InfoHash.getRandom()
    theirs.ask('listen', str(other))
    assert ours.put(other, dht.Value(b'from ours'))
    assert wait_until(lambda: theirs.ask('heard') == ['from ours'])


def test_signed_and_encrypted_values_are_read_by_cpp_nodes(
    has_cpp, start, network, key, identities
):
    ours = start(identities[1])
    theirs = CppNode(network, port_of(ours), 'reader')
    assert wait_until(lambda: ours.ping(dht.SockAddr._of('127.0.0.1', theirs.port)))
    assert ours.putSigned(key, dht.Value(b'signed'))
    ((data, _, _, text),) = theirs.ask('get', str(key))
    assert data == 'signed' and ' signed (v0) ' in text
    certificate = dht.Certificate(theirs.ask('certificate').encode())
    reader = dht.Identity(None, certificate).publickey
    other = dht.InfoHash.getRandom()
    assert ours.putEncrypted(other, dht.Value(b'secret'), reader)
    assert [it[0] for it in theirs.ask('get', str(other))] == ['secret']
    theirs.close()


def test_keys_and_certificates_are_those_of_the_cpp_module(has_cpp, identities):
    program = """
import json, sys
import opendht as d
certificate = d.Certificate(sys.stdin.buffer.read())
trust = d.TrustList()
trust.add(certificate.issuer)
print(json.dumps([str(certificate.getId()), certificate.getName().decode(),
                  bool(trust.verify(certificate))]))
"""
    certificate = identities[1].certificate
    done = subprocess.run(
        [CPP_PYTHON, '-c', program],
        input=bytes(certificate),
        capture_output=True,
        env=clean_environment(),
        cwd=TESTS,
        timeout=20,
    )
    assert json.loads(done.stdout) == [str(certificate.getId()), 'a', True]
