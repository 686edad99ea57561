# SPDX-License-Identifier: MIT
"""A test that waits for ever ends the run, and it is said where it waited."""

import shutil
import subprocess
import sys

from conftest import TESTS

PROGRAM = """
import threading

def test_that_waits():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
"""


def test_a_test_that_hangs_ends_the_run(tmp_path):
    shutil.copy(TESTS / 'conftest.py', tmp_path)
    (tmp_path / 'test_hanging.py').write_text(PROGRAM)
    command = [sys.executable, '-m', 'pytest', '-p', 'no:cacheprovider', '--test-limit', '2']
    options = {'capture_output': True, 'text': True, 'timeout': 60, 'cwd': tmp_path}
    done = subprocess.run([*command, str(tmp_path)], **options)
    assert done.returncode == 1 and 'in test_that_waits' in done.stderr
