# SPDX-License-Identifier: MIT
"""How fast this package is, beside the C++ module where another interpreter has that:

    dht-benchmark [--other /usr/bin/python3] [--count 500] [--json]

Each interpreter runs this file, which needs nothing but a module called `opendht`: two nodes on
loopback, without limits, in a network of their own.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import threading
import time

WORKER_TIMEOUT = 120
UNITS = {'ms': 'ms', 'perS': '/s', 'mb': 'MB'}


def worker(count):
    """Prints what it measures as JSON, line by line: some of it may hang elsewhere."""
    begin = time.perf_counter()
    import opendht as dht

    config = dht.DhtConfig()
    config.setNetwork(int.from_bytes(os.urandom(3), 'big') + 1)
    config.setRateLimit(-1, -1)
    nodes = []
    for row in ('time to a running node', 'the same for a second node'):
        node = dht.DhtRunner()
        node.run(ipv4='127.0.0.1', ipv6='::1', config=config)
        report(row, ms=1000 * (time.perf_counter() - begin))
        nodes.append(node)
        begin = time.perf_counter()
    a, b = nodes
    while not (a.ping(b.getBound()) and b.ping(a.getBound())):
        time.sleep(0.1)
    report('two nodes, with the interpreter', mb=memory())
    warm_up(dht, a, b, count)
    measure_blocking(dht, a, b, count)
    measure_callbacks(dht, a, b, count)
    measure_asyncio(a, b, count)
    measure_listen(dht, a, b, count)
    report('the same after all of this', mb=memory())
    sys.stdout.flush()
    os._exit(0)


def warm_up(dht, a, b, count):
    """What is compiled while it runs is compiled now."""
    for _ in range(2):
        put_and_get(dht, a, b, count, lambda _: contextlib.nullcontext())


def measure_blocking(dht, a, b, count):
    keys = [dht.InfoHash.getRandom() for _ in range(count)]
    with Rate('puts, one after the other', count):
        assert all([a.put(key, dht.Value(b'x' * 64)) for key in keys])
    with Rate('gets, one after the other', count):
        assert all([len(b.get(key)) == 1 for key in keys])


def measure_callbacks(dht, a, b, count):
    put_and_get(dht, a, b, count, lambda kind: Rate(f'{kind} with callbacks, at once', count))


def put_and_get(dht, a, b, count, timed):
    keys = [dht.InfoHash.getRandom() for _ in range(count)]
    ended = threading.Semaphore(0)
    with timed('puts'):
        for key in keys:
            a.put(key, dht.Value(b'x' * 64), lambda ok, nodes: ended.release())
        for _ in keys:
            ended.acquire()
    with timed('gets'):
        for key in keys:
            b.get(key, lambda value: True, lambda ok, nodes: ended.release())
        for _ in keys:
            ended.acquire()


def measure_asyncio(a, b, count):
    try:
        import asyncio

        import opendht.aio as dht
    except ImportError:
        return
    keys = [dht.InfoHash.getRandom() for _ in range(count)]

    async def measure():
        writer, reader = dht.DhtRunner(core=a), dht.DhtRunner(core=b)
        with Rate('puts with asyncio, at once', count):
            await asyncio.gather(*(writer.put(key, dht.Value(b'x' * 64)) for key in keys))
        with Rate('gets with asyncio, at once', count):
            await asyncio.gather(*(reader.getAll(key) for key in keys))

    asyncio.run(measure())


def measure_listen(dht, a, b, count):
    key = dht.InfoHash.getRandom()
    heard = threading.Semaphore(0)

    def on_value(value, expired):
        heard.release()
        return True

    b.listen(key, on_value)
    time.sleep(0.5)
    with Rate('deliveries to a listen', count):
        for _ in range(count):
            a.put(key, dht.Value(b'x' * 64), lambda ok, nodes: None)
        for _ in range(count):
            heard.acquire()


class Rate:
    """Times a block that does something so many times."""

    def __init__(self, row, count):
        self.row, self.count = row, count

    def __enter__(self):
        self.begin = time.perf_counter()

    def __exit__(self, kind, *_):
        if kind is None:
            report(self.row, perS=self.count / (time.perf_counter() - self.begin))


def memory():
    """Resident megabytes of this process and of those it started."""
    pages = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat') as stat:
                    fields = stat.read().rsplit(')', 1)[1].split()
            except OSError:
                continue  # it has just ended
            pages[int(name)] = (int(fields[1]), int(fields[21]))
    own = os.getpid()
    total = sum(resident for pid, (parent, resident) in pages.items() if own in (pid, parent))
    return total * os.sysconf('SC_PAGE_SIZE') / 2**20


def report(row, **figure):
    """As the other benchmarks of the sources do."""
    print(json.dumps({'row': row, **figure}), flush=True)


def measure_with(interpreter, count):
    """What a worker reported, until it hung or failed."""
    with_module = {n: t for n, t in os.environ.items() if not n.startswith('PYTHON')}
    if interpreter == sys.executable:
        with_module = dict(os.environ)
    program = [interpreter, os.path.abspath(__file__), '--worker', '--count', str(count)]
    process = subprocess.Popen(program, stdout=subprocess.PIPE, text=True, env=with_module, cwd='/')
    timer = threading.Timer(WORKER_TIMEOUT, process.kill)
    timer.start()
    output, _ = process.communicate()
    timer.cancel()
    rows = (json.loads(line) for line in output.splitlines())
    return {it.pop('row'): it for it in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--other', help='a Python that has the C++ module, as /usr/bin/python3')
    parser.add_argument('--count', type=int, default=500, help='operations of each kind')
    parser.add_argument('--json', action='store_true', help='print JSON')
    parser.add_argument('--worker', action='store_true', help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker(options.count)
    columns = {'this package': measure_with(sys.executable, options.count)}
    if options.other:
        columns['other'] = measure_with(options.other, options.count)
    if options.json:
        print(json.dumps(columns, indent=1))
        return
    print(f'{"":44}' + ''.join(f'{name:>16}' for name in columns))
    for row in columns['this package']:
        cells = [cell(column.get(row)) for column in columns.values()]
        print(f'{row:44}' + ''.join(f'{it:>16}' for it in cells))


def cell(figure):
    return ' '.join(f'{it:.0f} {UNITS[unit]}' for unit, it in (figure or {}).items()) or '-'


if __name__ == '__main__':
    # The folder of this file, which comes first, is no place to find modules in.
    sys.path.pop(0)
    main()
