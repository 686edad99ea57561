# SPDX-License-Identifier: MIT
"""The API that blocks or gives callbacks."""

import gc
import threading
import time
from datetime import timedelta

import pytest
from conftest import make_config, port_of, wait_until

import opendht as dht


def test_what_one_puts_the_other_gets(pair, key):
    a, b = pair
    value = dht.Value(b'data')
    assert a.put(key, value) is True
    assert value.id != 0
    (found,) = b.get(key)
    assert (found.data, found.id, found.size) == (b'data', value.id, 4)


def test_a_put_right_after_bootstrap_waits_for_the_network(start, key):
    first, second = start(), start()
    assert second.put(key, dht.Value(b'data'))
    assert first.get(key)[0].data == b'data'


def test_without_peers_a_put_fails_but_its_value_is_found(start, key):
    alone = start()
    assert alone.put(key, dht.Value(b'data')) is False
    assert alone.get(key)[0].data == b'data'


def test_filters_and_conditions(pair, key):
    a, b = pair
    for i in range(4):
        value = dht.Value(b'%d' % i, 3 if i < 2 else 0)
        value.user_type = 'even' if i % 2 == 0 else 'odd'
        assert a.put(key, value)
    assert {it.data for it in b.get(key, where=dht.Where().valueType(3))} == {b'0', b'1'}
    assert {it.data for it in b.get(key, where=dht.Where('WHERE user_type=odd'))} == {b'1', b'3'}
    assert {it.data for it in b.get(key, filter=lambda it: it.data > b'2')} == {b'3'}
    with pytest.raises(ZeroDivisionError):
        b.get(key, filter=lambda it: 1 / 0)
    with pytest.raises(TypeError):
        b.get(key, where='WHERE id=5')


def test_callbacks_of_put_and_get(pair, key):
    a, b = pair
    puts, gets, ended = [], [], []
    a.put(key, dht.Value(b'data'), lambda ok, nodes: puts.append((ok, nodes)))
    assert wait_until(lambda: puts)
    ok, nodes = puts[0]
    assert ok is True and str(nodes[0]) == str(b.getNodeId())
    assert nodes[0].getNode().getAddr() == f'127.0.0.1:{port_of(b)}'.encode()

    def on_value(value):
        gets.append(value.data)
        return True

    assert b.get(key, on_value, lambda ok, nodes: ended.append((ok, nodes))) is None
    assert wait_until(lambda: ended)
    assert gets == [b'data'] and ended[0][0] is True
    assert [str(node) for node in ended[0][1]] == [str(a.getNodeId())]


def test_a_get_that_has_enough_ends_well(pair, key):
    a, b = pair
    for i in range(5):
        assert a.put(key, dht.Value(b'%d' % i))
    seen, ended = [], []
    b.get(key, lambda value: seen.append(value), lambda ok, nodes: ended.append(ok))
    assert wait_until(lambda: ended)
    assert len(seen) == 1 and ended == [True]


def test_listens_tell_what_is_there_what_comes_and_what_goes(pair, key):
    a, b = pair
    assert a.put(key, dht.Value(b'old'))
    events = []

    def on_value(value, expired):
        events.append((value.data, expired))
        return True

    token = a.listen(key, on_value)
    assert wait_until(lambda: (b'old', False) in events)
    value = dht.Value(b'new')
    assert b.put(key, value)
    assert wait_until(lambda: (b'new', False) in events)
    a.cancelListen(token)
    a.cancelListen(token)
    assert b.put(key, dht.Value(b'unheard'))
    time.sleep(0.1)
    assert len(events) == 2


@pytest.mark.parametrize('answer', [None, False])
def test_a_listen_goes_on_whatever_its_callback_returns(pair, key, answer):
    a, b = pair
    events = []

    def on_value(value, expired):
        events.append(value.data)
        return answer

    a.listen(key, on_value)
    for data in (b'1', b'2'):
        assert b.put(key, dht.Value(data))
    assert wait_until(lambda: sorted(events) == [b'1', b'2'])


def test_permanent_values_are_withdrawn(pair, key):
    a, _ = pair
    value = dht.Value(b'data')
    assert a.put(key, value, permanent=True)
    assert len(a.get(key, filter=lambda it: it.id == value.id)) == 1
    a.cancelPut(key, value)
    assert 'Announcement' not in a.getSearchesLog()


def test_values_expire_as_their_type_says(start, network, key):
    nodes = start(), start()
    for node in nodes:
        node.registerType(dht.ValueType(77, 'short', timedelta(seconds=1)))
    events = []
    nodes[1].listen(key, lambda value, expired: events.append(expired) or True)
    assert nodes[0].put(key, dht.Value(b'data', 77))
    assert wait_until(lambda: events == [False, True])
    assert nodes[1].get(key) == []


@pytest.mark.parametrize('wrong', [None, 3, 'key'])
def test_wrong_arguments(start, key, wrong):
    node = start()
    with pytest.raises(TypeError):
        node.put(wrong, dht.Value(b'x'))
    with pytest.raises(TypeError):
        node.put(key, wrong)
    with pytest.raises(TypeError):
        node.get(wrong)
    with pytest.raises(TypeError):
        node.listen(key, wrong)
    with pytest.raises(ValueError, match='65536 bytes'):
        node.put(key, dht.Value(b'x' * 70_000))
    assert node.put(dht.InfoHash(), dht.Value(b'x')) is False
    assert node.get(dht.InfoHash()) == []


def test_large_values_arrive_whole(pair, key):
    a, b = pair
    data = bytes(range(256)) * 250
    assert a.put(key, dht.Value(data))
    assert b.get(key)[0].data == data


def test_pings(pair):
    a, b = pair
    assert b.ping(a.getBound()) is True
    answers = []
    assert b.ping(a.getBound(), answers.append) is None
    assert wait_until(lambda: answers == [True])
    assert b.ping(dht.SockAddr()) is False


def test_any_address_can_be_pinged(network):
    a, b = dht.DhtRunner(), dht.DhtRunner()
    a.run(config=make_config(network))
    b.run(config=make_config(network))
    assert a.getBound().isUnspecified() and b.ping(a.getBound()) is True
    a.join()
    b.join()


def test_information(pair, key):
    a, b = pair
    assert a.put(key, dht.Value(b'data'))
    assert f'Storage {key}' in b.getStorageLog()
    assert a.getNodeId().decode() in b.getRoutingTablesLog(2)
    assert 'IPv6' in b.getRoutingTablesLog(10) and 'IPv4' not in b.getRoutingTablesLog(10)
    assert 'Total' in a.getSearchesLog(2)
    counts = a.getNodeMessageStats()
    assert len(counts) == 5 and counts[0] > 0
    assert str(a.getBound()).startswith('127.0.0.1:')
    assert a.getBound(10).getFamily() == 0
    assert repr(a) == f"<DhtRunner '{'0' * 40}'>"
    with pytest.raises(ValueError, match='not initialised'):
        a.getPublicKey().getId()
    for tell in (a.getBound, a.getRoutingTablesLog, a.getSearchesLog):
        with pytest.raises(TypeError):
            tell('IPv4')


def test_logs_go_to_files(start, tmp_path):
    node = start()
    path = tmp_path / 'node.log'
    node.enableFileLogging(str(path))
    node.bootstrap('127.0.0.1', '1')
    assert wait_until(lambda: path.exists())
    node.disableLogging()
    with pytest.raises(OSError, match='no such file'):
        node.enableFileLogging(str(tmp_path / 'missing' / 'node.log'))


def test_a_node_runs_again_after_join(network, key):
    node = dht.DhtRunner()
    for _ in range(3):
        node.run(ipv4='127.0.0.1', config=make_config(network))
        assert node.isRunning()
        node.join()
        assert not node.isRunning() and node.put(key, dht.Value(b'x')) is False
        assert not node.getBound().getPort()


def test_shutdown_lets_operations_end(pair, key):
    a, b = pair
    puts, ended = [], threading.Event()
    for _ in range(20):
        a.put(key, dht.Value(b'data'), lambda ok, nodes: puts.append(ok))
    a.shutdown(ended.set)
    assert ended.wait(30) and puts == [True] * 20
    assert a.isRunning() and a.put(key, dht.Value(b'x')) is False
    a.join()
    assert not a.isRunning()


def test_ten_in_a_row_on_one_port(network, free_port):
    for _ in range(10):
        node = dht.DhtRunner()
        node.run(port=free_port, ipv4='127.0.0.1', config=make_config(network))
        assert node.getBound().getPort() == free_port
        del node
        gc.collect()


def test_a_port_that_is_taken(start, network):
    taken = start().getBound().getPort()
    with pytest.raises(RuntimeError, match=str(taken)) as raised:
        dht.DhtRunner().run(port=taken, ipv4='127.0.0.1', config=make_config(network))
    assert raised.value.code == 'ERR_DHT_BIND'


def test_no_callback_after_join(pair, key):
    a, b = pair
    calls = []
    b.listen(key, lambda value, expired: calls.append(value) or True)
    b.join()
    a.put(key, dht.Value(b'data'), lambda ok, nodes: calls.append(ok))
    a.join()
    time.sleep(0.1)
    assert calls == []


def test_indexes(pair):
    a, b = pair
    wanted = dht.IndexValue(dht.InfoHash.get('value'), 5)
    ended, found = [], []
    index = dht.Pht(b'index', {'title': 4}, a)
    index.insert({'title': b'abcd'}, wanted, ended.append)
    assert wait_until(lambda: ended) and ended == [True]
    other = dht.Pht(b'index', {'title': 4}, b)
    other.lookup({'title': b'abcd'}, lambda values, prefix: found.extend(values), ended.append)
    assert wait_until(lambda: len(ended) == 2) and found == [wanted]
    texts = []
    other.lookup({'title': b'none'}, lambda values, prefix: texts.append((values, prefix)))
    assert wait_until(lambda: texts)
    assert texts == [([], b'Prefix : \n\tContent_ : ""\n\tFlags_   : ""\n')]
    dht.Pht(b'index', {'title': 4}, dht.DhtRunner()).insert({}, wanted, ended.append)
    assert ended[2:] == [False]


def test_lookups_say_where_they_ended(pair):
    a, b = pair
    index, ended, prefixes = dht.Pht(b'deep', {'title': 4}, a), [], []
    for i in range(17):
        # The last one differs from the others in its eighth bit.
        title = b'b%03d' % i if i < 16 else b'c001'
        index.insert({'title': title}, dht.IndexValue(dht.InfoHash.get(str(i)), i), ended.append)
        assert wait_until(lambda count=i + 1: len(ended) == count, 30)
    other = dht.Pht(b'deep', {'title': 4}, b)
    other.lookup({'title': b'c001'}, lambda values, prefix: prefixes.append(prefix))
    assert wait_until(lambda: prefixes)
    # In the words of the C++ module.
    assert prefixes == [b'Prefix : \n\tContent_ : "01100011"\n\tFlags_   : "11111111"\n']


def test_each_shutdown_waits_for_the_end(network, key):
    node = dht.DhtRunner()
    node.run(ipv4='127.0.0.1', config=make_config(network))
    # Where nobody answers, which takes a moment.
    node.bootstrap('127.0.0.1', '9')
    events, ended = [], threading.Event()
    node.put(key, dht.Value(b'data'), lambda ok, nodes: events.append('put'))
    node.shutdown()
    node.shutdown(lambda: events.append('end') or ended.set())
    assert ended.wait(20) and events == ['put', 'end']
    node.join()
    node.shutdown(lambda: events.append('idle'))
    assert events[2:] == ['idle']


@pytest.mark.parametrize('is_maintained', [True, False])
def test_values_are_handed_over_at_the_end(start, network, key, is_maintained):
    config = make_config(network)
    config.setMaintainStorage(is_maintained)
    leaving = start(config=config)
    author = start()
    assert author.put(key, dht.Value(b'data'))
    assert f'Storage {key}' in leaving.getStorageLog()
    author.join()
    newcomer = start()
    ended = threading.Event()
    leaving.shutdown(ended.set)
    assert ended.wait(20)
    assert (f'Storage {key}' in newcomer.getStorageLog()) is is_maintained


def test_addresses_to_bind_are_configured(network):
    loopback = dht.SockAddr.resolve('127.0.0.1')[0]
    config = make_config(network)
    config.setBound(loopback, dht.SockAddr())
    node = dht.DhtRunner()
    node.run(config=config)
    assert str(node.getBound()).startswith('127.0.0.1:') and node.getBound(10).isUnspecified()
    node.join()
    with pytest.raises(TypeError, match='bind6'):
        config.setBound('', 4)
