# SPDX-License-Identifier: MIT
"""Tries the public names of whichever `opendht` module is installed, and prints what came of each
as JSON. Run with this package and with the C++ module; test_names.py compares. Needs no network.
"""

import json
import random

from tried import Tried

import opendht as d

TRIED = Tried(d)
KEY = d.InfoHash.get('unique_key')
SMALL = d.InfoHash(b'00' * 19 + b'10')

EXPRESSIONS = [
    # hashes
    'd.InfoHash()',
    "d.InfoHash(b'abcd')",
    "d.InfoHash('abcd')",
    "d.InfoHash(b'AB' * 20)",
    "d.InfoHash(b'AB' * 20 + b'zz')",
    "d.InfoHash(b'zz' * 20)",
    "d.InfoHash(b'a ' * 20)",
    'str(KEY)',
    'KEY.toString()',
    'KEY.toFloat()',
    'SMALL.toFloat()',
    '[KEY.getBit(i) for i in range(161)]',
    'KEY.getBit(-1)',
    'bool(KEY)',
    'bool(d.InfoHash())',
    "KEY == d.InfoHash.get('unique_key')",
    'KEY == SMALL',
    '[KEY < SMALL, SMALL < KEY, KEY < KEY]',
    '[KEY <= SMALL, SMALL <= KEY, KEY <= KEY]',
    '[KEY > SMALL, KEY >= KEY]',
    'KEY < 3',
    "d.InfoHash.get(b'x')",
    "d.InfoHash.get('')",
    "d.InfoHash.get('\\u00e9\\u20ac')",
    'd.InfoHash.commonBits(KEY, KEY)',
    'd.InfoHash.commonBits(KEY, SMALL)',
    'd.InfoHash.commonBits(d.InfoHash(), SMALL)',
    'd.InfoHash.commonBits(KEY, 3)',
    'KEY.getId() is KEY',
    'len(str(d.InfoHash.getRandom()))',
    'set_bits()',
    # addresses
    'd.SockAddr()',
    'str(d.SockAddr())',
    'd.SockAddr().toString()',
    'd.SockAddr().getPort()',
    'd.SockAddr().getFamily()',
    'd.SockAddr().isLoopback()',
    'd.SockAddr().isPrivate()',
    'd.SockAddr().isUnspecified()',
    'address(2, 4222)',
    'address(10, 4222)',
    'address(2, 0)',
    'd.SockAddr().setPort(70000)',
    # values
    'd.Value().data',
    "str(d.Value(b'hi'))",
    "d.Value('hi')",
    "d.Value(b'x', id=3).id",
    "d.Value(b'x', 70000)",
    "d.Value(b'x', -1)",
    "d.Value(b'x', 'y')",
    "d.Value(b'x').recipient",
    "d.Value(b'x').size",
    "d.Value(b'x').user_type",
    "str(d.Value(b''))",
    "str(d.Value(b'a' * 1023))",
    "str(d.Value(b'a' * 1024))",
    "d.Value(b'x') == d.Value(b'x')",
    "value(id=5, user_type='text/plain', data=b'hello')",
    "value(id=2**64 - 1, user_type='foo')",
    'value(id=2**64)',
    'value(id=-1)',
    "value(id='x')",
    "value(data='x')",
    "value(user_type=b'x')",
    'value(recipient=KEY)',
    'value(size=3)',
    # types
    "bool(d.ValueType(1, 'a', timedelta(seconds=3)))",
    "d.ValueType(1, 'a', 3)",
    "d.ValueType(1, b'a', timedelta(seconds=3))",
    'd.ValueType()',
    # queries
    'str(d.Query())',
    "str(d.Query('SELECT id WHERE id=5'))",
    "str(d.Query('WHERE id=5,value_type=3'))",
    "str(d.Query('select id,seq where user_type=foo'))",
    'str(d.Select())',
    "str(d.Select('SELECT id,seq'))",
    "str(d.Select('SELECT value_type,owner_pk,user_type'))",
    'str(d.Where())',
    "str(d.Where('WHERE id=5'))",
    'str(d.Where(\'WHERE user_type="foo"\'))',
    "str(d.Where().id(5).valueType(3).owner(KEY).seq(2).userType('foo'))",
    "str(d.Where().userType(b'x'))",
    "str(d.Where().id('x'))",
    "str(d.Where().owner('x'))",
    'str(d.Select().field(1).field(2))',
    "d.Query('SELECT id').isSatisfiedBy(d.Query())",
    "d.Query().isSatisfiedBy(d.Query('SELECT id'))",
    "d.Query('SELECT id').isSatisfiedBy(d.Query('SELECT id,seq'))",
    "d.Query('SELECT id,seq').isSatisfiedBy(d.Query('SELECT id'))",
    'd.Query().isSatisfiedBy(3)',
    'd.Select().isSatisfiedBy(d.Select())',
    "d.Select('SELECT id').isSatisfiedBy(d.Select('SELECT id,seq'))",
    "d.Where().isSatisfiedBy(d.Where('WHERE id=5'))",
    "d.Where('WHERE id=5').isSatisfiedBy(d.Where())",
    "d.Where('WHERE id=5').isSatisfiedBy(d.Where('WHERE id=6'))",
    # nodes
    'd.NodeSet().size()',
    'str(d.NodeSet())',
    'd.NodeSet().first()',
    'd.NodeSet().last()',
    'list(d.NodeSet())',
    'd.NodeEntry()',
    'd.NodeEntry().getId()',
    'd.NodeSet().insert(3)',
    'd.NodeSet().extend([])',
    'node_set()',
    # configuration
    "d.DhtConfig().setNetwork('x')",
    'd.DhtConfig().setNetwork(5)',
    'd.DhtConfig().setNodeId(KEY)',
    "d.DhtConfig().setNodeId('x')",
    'd.DhtConfig().setRateLimit(1, 2)',
    'd.DhtConfig().setRateLimit(-1, -1)',
    'd.DhtConfig().setIdentity(3)',
    'd.DhtConfig().setBootstrapMode(True)',
    'd.DhtConfig().setMaintainStorage(True)',
    # index
    'd.IndexValue(KEY, 5).getValueId()',
    'd.IndexValue(KEY).getKey()',
    'd.IndexValue(3)',
    "d.Pht(b'name', {'field': 4}, 3)",
    "d.Pht(b'name', {'field': 4}, d.DhtRunner()).MAX_NODE_ENTRY_COUNT",
    "d.Pht(b'name', {3: 4}, d.DhtRunner())",
    "d.Pht(b'name', {'field': 4}, d.DhtRunner()).lookup({3: b'x'})",
    # trust
    'bool(d.TrustList().add)',
    'd.TrustList().add(3)',
    'd.TrustList().verify(3)',
    "d.Certificate('garbage')",
    "type(d.Certificate(b'')).__name__",
    "d.Certificate(b'garbage')",
    'd.Identity.generate(5)',
    "d.Identity.generate('x', 5)",
    "d.Certificate.generate('n', 3)",
    # a node that does not run
    'd.DhtRunner()',
    'str(d.DhtRunner())',
    'd.DhtRunner().getId()',
    'd.DhtRunner().getNodeId().decode()',
    'd.DhtRunner().isRunning()',
    'd.DhtRunner().get(KEY)',
    "d.DhtRunner().put(KEY, d.Value(b'x'))",
    "d.DhtRunner().put(KEY, b'x')",
    "d.DhtRunner().put('x', d.Value(b'x'))",
    "d.DhtRunner().get('x')",
    'type(d.DhtRunner().listen(KEY, print)).__name__',
    'd.DhtRunner().getBound()',
    "d.DhtRunner().getBound('x')",
    'd.DhtRunner().shutdown()',
    'd.DhtRunner().join()',
    "d.DhtRunner().bootstrap('127.0.0.1')",
    "d.DhtRunner().bootstrap('127.0.0.1', 4)",
    "d.DhtRunner().bootstrap(b'127.0.0.1', '4')",
    'd.DhtRunner().ping(d.SockAddr())',
    'd.DhtRunner().ping(3)',
    'd.DhtRunner().enableLogging()',
    'd.DhtRunner().disableLogging()',
    'd.DhtRunner().enableFileLogging(3)',
    'd.DhtRunner().cancelListen(3)',
    'shut_down_idle()',
    'get_idle()',
    'put_idle()',
    # keys and certificates
    "IDENTITY.certificate.getName() in ('bob', b'bob')",
    "PRIVATE.decrypt(PUBLIC.encrypt(b'hello'))",
    "PRIVATE.decrypt(PUBLIC.encrypt(b'a' * 5000)) == b'a' * 5000",
    "PRIVATE.decrypt(PUBLIC.encrypt(b''))",
    "PUBLIC.encrypt('x')",
    "PRIVATE.decrypt('x')",
    'PUBLIC.getId() == PRIVATE.getId() == IDENTITY.certificate.getId()',
    'PRIVATE.getPublicKey().getId() == PUBLIC.getId()',
    'IDENTITY.certificate.toString()[:27]',
    'bytes(IDENTITY.certificate)[:27]',
    'd.Certificate(bytes(IDENTITY.certificate)).getId() == PUBLIC.getId()',
    'type(d.PrivateKey.generateEC()).__name__',
    "d.Certificate.generate(PRIVATE, 'n').getId() == PUBLIC.getId()",
    "d.Certificate.generate(PRIVATE, 'n', IDENTITY, True).issuer.getId() == PUBLIC.getId()",
    'd.Identity(PRIVATE, IDENTITY.certificate).publickey.getId() == PUBLIC.getId()',
    'trust()',
    # names of parameters
    "str(d.Value(val=b'x', id=3))",
    "d.InfoHash(str=b'ab' * 20)",
    "d.InfoHash.get(key='x')",
    'd.InfoHash.commonBits(a=KEY, b=SMALL)',
    'd.InfoHash().setBit(bit=3, b=True)',
    "bool(d.ValueType(id=1, name='a', expiration=timedelta(seconds=3)))",
    "str(d.Query(q_str='SELECT id'))",
    "str(d.Select(q_str='SELECT id'))",
    "str(d.Where(q_str='WHERE id=5'))",
    'd.DhtConfig().setRateLimit(max_req_per_sec=1, max_peer_req_per_sec=2)',
    "d.DhtRunner().put(key=KEY, val=d.Value(b'x'))",
    'd.DhtRunner().get(key=KEY, filter=None, where=None)',
    'type(d.DhtRunner().listen(key=KEY, value_cb=print)).__name__',
    'd.DhtRunner().ping(addr=d.SockAddr())',
    "d.DhtRunner().bootstrap(host='127.0.0.1', port='4222')",
    'd.DhtRunner().shutdown(shutdown_cb=None)',
    'd.DhtRunner().getBound(af=10)',
    'd.IndexValue(h=KEY, vid=5).getValueId()',
    "bool(d.Pht(name=b'name', key_spec={'field': 4}, dht=d.DhtRunner()))",
    "d.Certificate.generate(k=PRIVATE, name='n', i=IDENTITY, is_ca=False).getName() in ('n', b'n')",
    'd.Certificate(dat=bytes(IDENTITY.certificate)).getId() == PUBLIC.getId()',
    'd.Identity(k=PRIVATE, c=IDENTITY.certificate).publickey.getId() == PUBLIC.getId()',
    "d.Identity.generate(name='x', ca=IDENTITY, bits=2048).certificate.issuer.getId()"
    ' == PUBLIC.getId()',
]


IDENTITY = d.Identity.generate('bob', d.Identity(), 2048)
PRIVATE, PUBLIC = IDENTITY.key, IDENTITY.publickey


def set_bits():
    generator = random.Random(7)
    made = d.InfoHash()
    for _ in range(200):
        made.setBit(generator.randrange(160), generator.random() < 0.5)
    return made


def address(family, port):
    made = d.SockAddr()
    made.setFamily(family)
    made.setPort(port)
    facts = [made.isLoopback(), made.isPrivate(), made.isUnspecified()]
    return [str(made), made.toString(), made.getPort(), made.getFamily(), *facts]


def value(**fields):
    made = d.Value(b'data')
    for name, content in fields.items():
        setattr(made, name, content)
    return [str(made), made.id, made.data, made.user_type, made.size, str(made.recipient)]


def node_set():
    nodes = d.NodeSet()
    entry = d.NodeEntry()
    inserted = [nodes.insert(entry), nodes.insert(entry)]
    return [inserted, nodes.size(), nodes.first(), nodes.last(), [str(node) for node in nodes]]


def shut_down_idle():
    calls = []
    d.DhtRunner().shutdown(lambda: calls.append('done'))
    return calls


def get_idle():
    calls = []
    runner = d.DhtRunner()
    answer = runner.get(KEY, lambda v: True, lambda ok, nodes: calls.append([ok, nodes]))
    return [answer, calls]


def put_idle():
    calls = []
    runner = d.DhtRunner()
    answer = runner.put(KEY, d.Value(b'x'), lambda ok, nodes: calls.append([ok, nodes]))
    return [answer, calls]


def trust():
    authority = d.Identity.generate('ca', d.Identity(), 2048)
    child = d.Identity.generate('child', authority, 2048)
    revoked = d.Identity.generate('revoked', authority, 2048)
    authority.certificate.revoke(authority.key, revoked.certificate)
    trusted = d.TrustList()
    trusted.add(authority.certificate)
    certificates = [it.certificate for it in (authority, child, revoked, IDENTITY)]
    verdicts = [bool(trusted.verify(it)) for it in certificates]
    trusted.remove(authority.certificate)
    return [verdicts, bool(trusted.verify(authority.certificate))]


def outcome(expression):
    try:
        result = eval(expression)  # noqa: S307, they are all above
    except Exception as error:
        return ['raises', [kind.__name__ for kind in type(error).__mro__]]
    return ['returns', repr(result)]


def main():
    names = sorted(name for name in dir(d) if not name.startswith('_'))
    members = {
        name: sorted(it for it in dir(getattr(d, name)) if not it.startswith('_'))
        for name in names
        if isinstance(getattr(d, name), type)
    }
    results = {expression: outcome(expression) for expression in EXPRESSIONS}
    tried = sorted(TRIED.members)
    print(json.dumps({'members': members, 'results': results, 'tried': tried}))


main()
