"""The memory that is free is what the process may still use."""

import subprocess
import sys

import pytest

from particleforge.store.memory import free_bytes


def test_there_is_memory():
    assert 2**20 < free_bytes() < 2**50


@pytest.mark.skipif(sys.platform != "linux", reason="limits of processes")
def test_a_limit_of_the_process_counts():
    code = "import resource; from particleforge.store.memory import free_bytes; free_bytes(); import psutil\n"
    code += "limit = psutil.Process().memory_info().vms + 10**8\n"
    code += "resource.setrlimit(resource.RLIMIT_AS, (limit, limit)); print(free_bytes())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 5 * 10**7 < int(found.stdout) <= 10**8
