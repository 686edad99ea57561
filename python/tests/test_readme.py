# SPDX-License-Identifier: MIT
"""The examples of the readme, as they stand there but for the host."""

import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import run_program

import opendht as dht

README = (Path(__file__).parent.parent / 'README.md').read_text()
EXAMPLES = {
    section.splitlines()[0]: section.split('```python\n')[1].split('```')[0]
    for section in README.split('\n## ')[1:]
}


@pytest.fixture
def entry():
    """A node of the public network, of which there is one here."""
    node = dht.DhtRunner()
    node.run(ipv4='127.0.0.1')
    # User data, so that values are gone after a moment; there are always some.
    node.registerType(dht.ValueType(0, 'user data', timedelta(seconds=2)))
    ended, alone = threading.Event(), threading.Event()

    def put():
        while not ended.wait(0.2):
            value = dht.Value(b'from elsewhere')
            node.put(dht.InfoHash.get('unique_key'), value, lambda ok, nodes: alone.set())

    thread = threading.Thread(target=put)
    thread.start()
    # Who joins later keeps the values for ten minutes, but those that this node alone has.
    assert alone.wait(30)
    yield node
    ended.set()
    thread.join(60)
    node.join()


HOST = "'bootstrap.jami.net', '4222'"
VALUE = r'Value\[id:\w+ data:%s\]'
ELSEWHERE, OWN, OTHER = (
    VALUE % data.hex() for data in (b'from elsewhere', b'some binary data', b'tata data')
)


@pytest.mark.parametrize(
    'title, wanted',
    [
        ('Blocking', {OWN, ELSEWHERE}),
        ('asyncio', {r'\[<.*Value.*\]', OTHER, ELSEWHERE}),
        ('Listening, with expiry', {f'there {ELSEWHERE}', f'gone {ELSEWHERE}'}),
    ],
)
def test_examples_of_the_readme(entry, title, wanted):
    program = EXAMPLES[title]
    assert program.count(HOST) == 1
    program = program.replace(HOST, f"'127.0.0.1', '{entry.getBound().getPort()}'")
    done = run_program(program)
    assert done.stderr == ''
    unwanted = [
        line
        for line in done.stdout.splitlines()
        if not any(re.fullmatch(pattern, line) for pattern in wanted)
    ]
    missing = [it for it in wanted - {ELSEWHERE} if not re.search(f'^{it}$', done.stdout, re.M)]
    assert (unwanted, missing) == ([], [])
