# SPDX-License-Identifier: MIT
"""Hosts real OpenDHT C++ nodes (Python binding, 2.4.12) for the tests.

Requests arrive on stdin and answers leave on stdout, one JSON object per line:

    {"id": 1, "op": "run", "network": 77, ...}         -> {"id": 1, "node": 1, "port4": 41234, ...}
    {"id": 2, "op": "put", "node": 1, "key": "...", "data": "aGV5"} -> {"id": 2, "ok": true, ...}
    {"id": 3, "op": "listen", "node": 1, "key": "..."} -> {"id": 3}
    {"event": "listen", "sub": 3, "expired": false, "value": {...}}   (not an answer)

A failed request is answered with {"id": n, "error": text}. Bytes are base64, ids and keys hex,
value ids decimal strings. No request waits for the network, so any number can be in flight.
The end of stdin ends the process.

The binding keeps the interpreter lock during calls that need the node's own lock, while the
node's thread holds that lock when it enters a Python callback: such calls deadlock as soon as
an operation is running. They are therefore made through ctypes, which releases the interpreter
lock. Only `run`, `getBound` and `registerType`, used before there is any callback, stay direct.
"""

import base64
import ctypes
import json
import os
import queue
import random
import socket
import sys
import threading
from datetime import timedelta

import opendht

OBJECT_BODY = 16  # a Python object starts with a reference count and a type pointer
TIME_MAX = 2 ** 63 - 1  # a time point that stands for "now"
out = queue.SimpleQueue()


def held_pointer(wrapper):
    """The first word of a binding object's body: the pointer inside its smart pointer."""
    return ctypes.c_void_p.from_address(id(wrapper) + OBJECT_BODY).value


class Hash(ctypes.Structure):
    """dht::InfoHash, which is passed by value."""

    _fields_ = [('bytes', ctypes.c_uint8 * 20)]


DONE_CALLS = {}


@ctypes.CFUNCTYPE(ctypes.c_bool, *[ctypes.POINTER(ctypes.c_uint64)] * 2, ctypes.c_int)
def manage_done(target, source, operation):
    if operation == 2:  # copy; there is nothing to free
        target[0] = source[0]
    return False


@ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_uint64), ctypes.POINTER(ctypes.c_bool),
                  ctypes.c_void_p)
def call_done(target, ok, nodes):
    DONE_CALLS.pop(target[0])(ok[0])


def done_function(number, callback):
    """A std::function as libstdc++ lays it out: 16 bytes for the functor, here the number of a
    callback, then the functions that copy it and call it."""
    DONE_CALLS[number] = callback
    address_of = lambda function: ctypes.cast(function, ctypes.c_void_p).value
    return (ctypes.c_uint64 * 4)(number, 0, address_of(manage_done), address_of(call_done))


class Direct:
    """The calls that the binding lacks, or cannot make without risking a deadlock."""

    def __init__(self):
        self.lib = ctypes.CDLL('libopendht.so.2')
        self.libc = ctypes.CDLL(None)
        self.libc.free.argtypes = [ctypes.c_void_p]

    def method(self, symbol, *argtypes):
        function = self.lib[symbol]
        function.argtypes = [ctypes.c_void_p, *argtypes]
        return function

    def join(self, runner):
        self.method('_ZN3dht9DhtRunner4joinEv')(held_pointer(runner))

    def connectivity_changed(self, runner):
        self.method('_ZN3dht9DhtRunner19connectivityChangedEv')(held_pointer(runner))

    def put(self, runner, key, value, done, *, permanent, signed):
        """Permanent and signed puts. They take the contents of `value` away."""
        done_type = 'St8functionIFvbRKSt6vectorISt10shared_ptrINS_4NodeEESaIS9_EEEE'
        key_type, value_type = 'NS_4HashILm20EEE', 'ONS_5ValueE'
        pointers = [ctypes.c_void_p, ctypes.c_void_p]
        arguments = [held_pointer(runner), Hash.from_buffer_copy(key), held_pointer(value), done]
        if signed:
            symbol = '_ZN3dht9DhtRunner9putSignedE' + key_type + value_type + done_type + 'b'
            self.method(symbol, Hash, *pointers, ctypes.c_bool)(*arguments, permanent)
            return
        created_type = ('NSt6chrono10time_pointINSG_3_V212steady_clockENSG_8durationIlSt5ratioI'
                        'Ll1ELl1000000000EEEEEE')
        symbol = '_ZN3dht9DhtRunner3putE' + key_type + value_type + done_type + created_type + 'b'
        self.method(symbol, Hash, *pointers, ctypes.c_int64, ctypes.c_bool)(
            *arguments, TIME_MAX, permanent)

    def cancel_put(self, runner, key, value_id):
        method = self.method('_ZN3dht9DhtRunner9cancelPutERKNS_4HashILm20EEEm',
                             ctypes.POINTER(Hash), ctypes.c_uint64)
        method(held_pointer(runner), ctypes.byref(Hash.from_buffer_copy(key)), value_id)

    def nodes_stats(self, runner, family):
        counts = [ctypes.c_uint() for _ in range(4)]
        symbol = '_ZNK3dht9DhtRunner13getNodesStatsEtPjS1_S1_S1_'
        pointers = [ctypes.POINTER(ctypes.c_uint)] * 4
        self.method(symbol, ctypes.c_uint16, *pointers)(
            held_pointer(runner), family, *[ctypes.byref(count) for count in counts])
        return dict(zip(('good', 'dubious', 'cached', 'incoming'), (c.value for c in counts)))

    def log(self, runner, name, family):
        """A method that returns std::string by value: the caller passes where to put it."""
        symbols = {
            'routing': '_ZNK3dht9DhtRunner19getRoutingTablesLogB5cxx11Et',
            'searches': '_ZNK3dht9DhtRunner14getSearchesLogB5cxx11Et',
            'storage': '_ZNK3dht9DhtRunner13getStorageLogB5cxx11Ev',
        }
        if os.uname().machine != 'x86_64':
            raise RuntimeError('logs need the x86-64 calling convention')
        text = (ctypes.c_uint64 * 4)()
        function = self.lib[symbols[name]]
        function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint16]
        function.restype = ctypes.c_void_p
        function(ctypes.addressof(text), held_pointer(runner), family)
        result = ctypes.string_at(text[0], text[1]).decode()
        if text[0] != ctypes.addressof(text) + 16:  # not stored in the object itself
            self.libc.free(text[0])
        return result


def find_type_offset():
    """Where dht::Value keeps its type, which the binding does not show; None when not found."""
    first, second = opendht.Value(b'x', 0xBEEF), opendht.Value(b'x', 0xF00D)
    for offset in range(8, 96, 2):
        found = [ctypes.c_uint16.from_address(held_pointer(value) + offset).value
                 for value in (first, second)]
        if found == [0xBEEF, 0xF00D]:
            return offset
    return None


TYPE_OFFSET = find_type_offset()


def describe_value(value):
    text = str(value)
    recipient = str(value.recipient)
    value_type = None
    if TYPE_OFFSET is not None:
        value_type = ctypes.c_uint16.from_address(held_pointer(value) + TYPE_OFFSET).value
    return {
        'id': str(value.id),
        'type': value_type,
        'user_type': value.user_type,
        'data': base64.b64encode(value.data).decode(),
        'size': value.size,
        # An unsigned value gives an uninitialised key object, which must not be touched.
        'owner': str(value.owner.getId()) if ' signed ' in text else None,
        'recipient': recipient if recipient.strip('0') else None,
        'text': text,
    }


def describe_nodes(entries):
    return [{'id': str(entry.getId()), 'addr': entry.getNode().getAddr().decode()}
            for entry in entries]


def check_bindable(host, port):
    """The binding aborts the process when it cannot bind, so find out before."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind((host, port))


def write_address(address, host):
    """Sets the IP of a SockAddr object, which the binding only allows for family and port."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    address.setFamily(family)
    packed = socket.inet_pton(family, host)
    offset = 8 if family == socket.AF_INET6 else 4
    ctypes.memmove(held_pointer(address) + offset, packed, len(packed))


class Host:
    def __init__(self):
        self.direct = Direct()
        self.runners = {}
        self.tokens = {}
        self.cancelled = []

    def handle(self, line):
        request = json.loads(line)
        try:
            reply = getattr(self, 'op_' + request['op'])(request)
        except Exception as error:
            reply = {'error': '%s: %s' % (type(error).__name__, error)}
        if reply is not None:
            out.put({'id': request['id'], **reply})

    def op_hello(self, request):
        return {}

    def op_run(self, request):
        port, ipv4, ipv6 = request.get('port', 0), request['ipv4'], request['ipv6']
        for host in filter(None, (ipv4, ipv6)):
            check_bindable(host, port)
        config = opendht.DhtConfig()
        config.setNetwork(request.get('network', 0))
        config.setRateLimit(*request.get('rate_limit', (-1, -1)))
        config.setBootstrapMode(request.get('bootstrap_mode', False))
        config.setMaintainStorage(request.get('maintain_storage', False))
        if request.get('node_id'):
            config.setNodeId(opendht.InfoHash(request['node_id'].encode()))
        key_id = None
        if request.get('identity'):
            identity = opendht.Identity.generate(request['identity'], opendht.Identity(), 2048)
            config.setIdentity(identity)
            key_id = str(identity.publickey.getId())
        runner = opendht.DhtRunner()
        runner.run(port=port, ipv4=ipv4, ipv6=ipv6, config=config)
        for kind in request.get('types', ()):
            seconds = timedelta(seconds=kind['expiration'])
            runner.registerType(opendht.ValueType(kind['id'], kind['name'], seconds))
        self.runners[request['id']] = runner
        return {
            'node': request['id'],
            'node_id': runner.getNodeId().decode(),
            'key_id': key_id,
            'port4': runner.getBound(socket.AF_INET).getPort() if ipv4 else 0,
            'port6': runner.getBound(socket.AF_INET6).getPort() if ipv6 else 0,
        }

    def op_bootstrap(self, request):
        self.runners[request['node']].bootstrap(request['host'], str(request['port']))
        return {}

    def op_put(self, request):
        value = opendht.Value(base64.b64decode(request['data']), request.get('type', 0))
        if request.get('value_id'):
            value.id = int(request['value_id'])
        if request.get('user_type'):
            value.user_type = request['user_type']

        permanent, signed = request.get('permanent', False), request.get('signed', False)
        if permanent or signed:
            return self.put_specially(request, value, permanent=permanent, signed=signed)

        def done(ok, nodes):
            out.put({'id': request['id'], 'ok': ok, 'value_id': str(value.id),
                     'nodes': describe_nodes(nodes)})

        key = opendht.InfoHash(request['key'].encode())
        self.runners[request['node']].put(key, value, done)

    def put_specially(self, request, value, *, permanent, signed):
        value.id = value_id = value.id or random.getrandbits(64) or 1
        reply = {'id': request['id'], 'value_id': str(value_id), 'nodes': []}
        done = done_function(request['id'], lambda ok: out.put({**reply, 'ok': ok}))
        self.direct.put(self.runners[request['node']], bytes.fromhex(request['key']), value, done,
                        permanent=permanent, signed=signed)

    def op_cancel_put(self, request):
        runner, key = self.runners[request['node']], bytes.fromhex(request['key'])
        self.direct.cancel_put(runner, key, int(request['value_id']))
        return {}

    def op_get(self, request):
        values = []

        def on_value(value):
            values.append(describe_value(value))
            return True

        def done(ok, nodes):
            out.put({'id': request['id'], 'ok': ok, 'values': values,
                     'nodes': describe_nodes(nodes)})

        where = opendht.Where(request['where']) if request.get('where') else None
        key = opendht.InfoHash(request['key'].encode())
        self.runners[request['node']].get(key, on_value, done, None, where)

    def op_listen(self, request):
        sub = request['id']

        def on_value(value, expired):
            out.put({'event': 'listen', 'sub': sub, 'expired': expired,
                     'value': describe_value(value)})
            return True

        key = opendht.InfoHash(request['key'].encode())
        out.put({'id': sub})  # before the first event
        self.tokens[sub] = self.runners[request['node']].listen(key, on_value)

    def op_cancel_listen(self, request):
        token = self.tokens.pop(request['sub'])
        self.cancelled.append(token)
        # The binding releases the callback of the latest listen, whichever is cancelled; and one
        # of the right listen may still be on its way.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(token._cb['cb']))
        self.runners[request['node']].cancelListen(token)
        return {}

    def op_ping(self, request):
        runner, host = self.runners[request['node']], request['host']
        address = opendht.SockAddr()
        write_address(address, host)
        address.setPort(request['port'])
        runner.ping(address, lambda ok: out.put({'id': request['id'], 'ok': ok}))

    def op_connectivity_changed(self, request):
        self.direct.connectivity_changed(self.runners[request['node']])
        return {}

    def op_stats(self, request):
        runner = self.runners[request['node']]
        return {'ipv4': self.direct.nodes_stats(runner, socket.AF_INET),
                'ipv6': self.direct.nodes_stats(runner, socket.AF_INET6)}

    def op_log(self, request):
        runner, family = self.runners[request['node']], request.get('family', socket.AF_INET)
        return {'text': self.direct.log(runner, request['log'], family)}

    def op_shutdown(self, request):
        self.runners[request['node']].shutdown(lambda: out.put({'id': request['id']}))

    def op_join(self, request):
        runner = self.runners.pop(request['node'])
        self.direct.join(runner)
        self.cancelled.append(runner)  # a destructor would join again, with the lock held
        return {}


def write_answers():
    while True:
        line = json.dumps(out.get(), separators=(',', ':')) + '\n'
        sys.stdout.buffer.write(line.encode())
        if out.empty():
            sys.stdout.buffer.flush()


def main():
    threading.Thread(target=write_answers, daemon=True).start()
    host = Host()
    for line in sys.stdin.buffer:
        host.handle(line)
    os._exit(0)


main()
