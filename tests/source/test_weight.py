"""What the client must not drag into a process that lives for months."""

import subprocess
import sys


def test_the_client_brings_no_terminal_library_along() -> None:
    asked = "import sys, monitor.source.client; print({'rich', 'pygments', 'click'} & set(sys.modules))"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "set()"
