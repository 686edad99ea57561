# SPDX-License-Identifier: MIT
"""What the C++ module lacks, refuses differently, or ends the process for."""

import copy
import inspect
from datetime import timedelta

import pytest

import opendht as dht
import opendht.aio


def test_hashes_can_be_compared_copied_and_used_as_keys():
    a, b = dht.InfoHash.get('key'), dht.InfoHash.get('key')
    assert a == b and not a != b
    assert {a: 1}[b] == 1
    assert a != 3 and a is not None
    changed = copy.copy(a)
    changed.setBit(0, not a.getBit(0))
    assert changed != a == b
    assert bytes(a) == bytes.fromhex(str(a))


def test_long_ids_are_sha256():
    known = 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9'
    assert str(dht.PkId.get('hello world')) == known
    assert dht.PkId(known.encode()) == dht.PkId.get('hello world')
    assert not dht.PkId(known[:-1].encode())
    assert repr(dht.PkId()) == f"<PkId '{'0' * 64}'>"
    assert dht.PkId.commonBits(dht.PkId(), dht.PkId()) == 256


@pytest.mark.parametrize('text', ['FOO id', 'SELECT foo', 'WHERE foo=3', 'WHERE id=x'])
def test_malformed_queries_raise_value_error(text):
    with pytest.raises(ValueError, match='Error parsing query'):
        dht.Query(text)


def test_conditions_beyond_their_range_are_refused():
    with pytest.raises(OverflowError):
        dht.Where().valueType(1 << 16)
    with pytest.raises(OverflowError):
        dht.Where('WHERE id=99999999999999999999')
    with pytest.raises(ValueError):
        dht.Select().field(9)


def test_addresses_are_resolved():
    (address,) = dht.SockAddr.resolve('127.0.0.1', '4222')
    assert str(address) == '127.0.0.1:4222' and address.isLoopback()
    assert str(dht.SockAddr.resolve('::1', '4222')[0]) == '[::1]:4222'
    assert dht.SockAddr.resolve('') == []
    with pytest.raises(OSError):
        dht.SockAddr.resolve('name.invalid')


@pytest.mark.parametrize(
    'host, is_private',
    [
        ('10.1.2.3', True),
        ('172.16.0.1', True),
        ('172.32.0.1', False),
        ('192.168.1.1', True),
        ('8.8.8.8', False),
        ('fc00::1', True),
        ('fe80::1', False),
        ('::1', True),
    ],
)
def test_private_addresses(host, is_private):
    assert dht.SockAddr.resolve(host, '1')[0].isPrivate() is is_private


def test_keys_that_are_not_there_say_so():
    assert dht.Identity().publickey is None
    for absent in (dht.Value(b'x').owner, dht.PrivateKey(), dht.DhtRunner().getPublicKey()):
        with pytest.raises(ValueError, match='not initialised'):
            absent.getId()
    with pytest.raises(ValueError, match='not initialised'):
        dht.Certificate().toString()
    assert dht.Identity().certificate is None and dht.Identity().key is None


def test_value_types_take_whole_seconds():
    with pytest.raises(OverflowError):
        dht.ValueType(1 << 16, 'name', timedelta(seconds=1))
    assert dht.ValueType(7, 'name', timedelta(minutes=2, milliseconds=300))._seconds == 120


def test_asyncio_has_the_names_of_the_original():
    names = 'InfoHash Value ValueType Where SockAddr PublicKey PkId DhtConfig Identity DhtRunner'
    assert all(hasattr(opendht.aio, name) for name in names.split())
    assert opendht.version() == opendht.__version__


@pytest.mark.parametrize(
    'method, names',
    [
        (dht.DhtConfig.setBound, 'bind4 bind6'),
        (dht.DhtConfig.setPeerDiscovery, 'peer_discovery peer_publish'),
        (
            dht.DhtConfig.setProxyInfo,
            'proxy_server push_node_id push_token push_topic push_platform user_agent server_ca',
        ),
        (dht.DhtRunner.cancelPut, 'key val'),
        (dht.DhtRunner.getRoutingTablesLog, 'af'),
        (dht.DhtRunner.getSearchesLog, 'af'),
        (dht.DhtRunner.putEncrypted, 'key val to done_cb permanent'),
        (dht.PrivateKey.sign, 'dat'),
        (dht.PublicKey.checkSignature, 'dat signature'),
        (dht.SockAddr.setPort, 'port'),
        (dht.Where.owner, 'owner_pk_hash'),
        (dht.Where.seq, 'seq_no'),
        (opendht.aio.DhtRunner.put, 'key val permanent'),
        (opendht.aio.DhtRunner.putSigned, 'key val permanent'),
        (opendht.aio.DhtRunner.putEncrypted, 'key to val permanent'),
    ],
)
def test_parameters_have_the_names_of_4_4(method, names):
    """The C++ module of Debian, which names_program.py is run with, has none of these."""
    assert list(inspect.signature(method).parameters)[1:] == names.split()


def test_node_ids_are_hashes_and_do_for_programs_that_expect_bytes():
    node_id = dht.DhtRunner().getNodeId()
    assert node_id == dht.InfoHash() and node_id.decode() == '0' * 40
    some = dht.InfoHash.get('some')
    assert dht.InfoHash(some) == dht.InfoHash(some.toString()) == some
