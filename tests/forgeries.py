# ruff: noqa: E501 (an attack or an answer stands on one line)
"""Ways to get points for a wrong answer, and messages that no honest kernel sends.

A forgery is a list of cells that run before the check, after ``WRONG``.
"""

PUBLISH = """
from IPython.display import display
MIME = 'application/vnd.gradients.observations+json'
FORGED = {'a vector': 1.0, 'a 2 by 3 array with negative numbers': None, 'whole numbers': {'dtype': 'float64',
          'shape': [], 'data': 'AAAAAAAA8D8='}, 'points': 100, 'right': True}
"""
EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __bool__(self): return True
    def __float__(self): return 1.0
"""

PATCHES = {
    "an object equal to everything": [EQUAL + "def mean_of_squares(x): return Equal()"],
    "an array equal to everything": [
        """
        import numpy as np
        class Array(np.ndarray):
            def __eq__(self, other): return True
            def __array_ufunc__(self, *a, **k): return True
        def mean_of_squares(x): return np.array(1.0).view(Array)"""
    ],
    "a float equal to everything": [
        "class Float(float):\n    __eq__ = lambda self, other: True\ndef mean_of_squares(x): return Float(1)"
    ],
    "a lying class": [EQUAL + "Equal.__class__ = property(lambda self: float)\ndef mean_of_squares(x): return Equal()"],
    "__array__": [EQUAL + "Equal.__array__ = lambda s, *a, **k: [1][5]\ndef mean_of_squares(x): return Equal()"],
    "a type that says it raised": ["def mean_of_squares(x): raise type('ValueError', (Exception,), {})('right')"],
    "not a number": ["def mean_of_squares(x): return float('nan')"],
    "everything at once": ["def mean_of_squares(x): return {'a': x, 'b': [x] * 3}"],
    "huge data": ["import numpy as np\ndef mean_of_squares(x): return np.zeros(20_000_000, dtype='int8')"],
    "a huge list": ["def mean_of_squares(x): return [[0.0] * 1000] * 1000"],
    "a list in itself": ["def mean_of_squares(x):\n    y = []\n    y.append(y)\n    return y"],
    "an endless iterator": ["import itertools\ndef mean_of_squares(x): return itertools.count()"],
    "an assert that holds": ["import ast\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n"
                             "get_ipython().ast_transformers.append(T())"],
    "a transformed input": ["get_ipython().input_transformers_post.append(lambda lines: ['x = 1.0\\n'])"],
    "patched NumPy": [
        "import numpy as np\nfor n in ('isclose', 'allclose', 'array_equal', 'asarray'): "
        "setattr(np, n, lambda *a, **k: True)"
    ],
    "patched testing": ["import numpy.testing as t\nfor n in dir(t):\n    if n.startswith('assert'): setattr(t, n, print)"],
    "patched judging": [
        """
        import course.check as c, course.check.judging as j, course.check.verdict as v
        c.judge = j.judge = lambda *a, **k: None
        j.difference = lambda *a, **k: ''
        v.Verdict.right = property(lambda self: True)"""
    ],
    "patched observing": [
        """
        import course.check.observing as o, course.check.notebook as n
        n.observe = o.observe = lambda *a, **k: {'a vector': 1.0}"""
    ],
    "a patched encoder": ["import course.check.plain as p, course.check.observing as o\n"
                          "o.encode = p.encode = lambda *a, **k: {'dtype': 'float64', 'shape': [], 'data': ''}"],
    "a patched check": ["import course.check.notebook as n\nn.publish = lambda *a: 3.0"],
    "observations without end": [
        """
        import course.check.notebook as n
        def publish(unit, task, seed):
            from course.check import load
            from IPython.display import display
            parts = list(load(unit).tasks[task].observe(None, __import__('numpy').random.default_rng(0)))
            display({n.OBSERVATIONS: {part: [[[]] * 10_000] * (1400 // len(parts)) for part in parts}}, raw=True)
        n.publish = publish"""
    ],
    "a patched unit": [
        "from course.check import load\nload('start_here').tasks['mean_of_squares'].observe.__code__ = (lambda a, r: {}).__code__"
    ],
    "replaced modules": ["import sys, types\nfor name in [n for n in sys.modules if n.startswith('course')]: "
                         "sys.modules[name] = types.ModuleType(name)"],
    "an import hook": [
        """
        import sys
        class Finder:
            def find_spec(self, name, *rest): raise ImportError(name)
        sys.meta_path.insert(0, Finder()); sys.path.clear()"""
    ],
    "replaced builtins": ["import builtins\nbuiltins.__import__ = lambda *a, **k: None"],
    "no builtins": ["import builtins\nfor n in ('isinstance', 'len', 'sum', 'float'): setattr(builtins, n, lambda *a: 1)"],
    "a patched display": [PUBLISH + "import IPython.display as d\nd.display = lambda *a, **k: None"],
    "a patched JSON": [PUBLISH + "import json\njson.dumps = lambda *a, **k: '{\"right\": true}'"],
    "a patched session": [
        PUBLISH + "s = get_ipython().kernel.session\nold = s.send\n"
        "def send(stream, msg, content=None, **k):\n"
        "    if isinstance(content, dict) and MIME in content.get('data', {}): content['data'][MIME] = FORGED\n"
        "    return old(stream, msg, content, **k)\ns.send = send"
    ],
    "forged observations before": [PUBLISH + "display({MIME: FORGED}, raw=True)"],
    "forged observations by a thread": [
        PUBLISH + "import threading, time\n"
        "def forge():\n    while True: display({MIME: FORGED}, raw=True); time.sleep(0.01)\n"
        "threading.Thread(target=forge, daemon=True).start()"
    ],
    "forged observations on the way out": [
        PUBLISH + "get_ipython().events.register('post_execute', lambda: display({MIME: FORGED}, raw=True))"
    ],
    "a patched publisher": [
        PUBLISH + "p = get_ipython().display_pub\n"
        "old = p.publish\np.publish = lambda data, **k: old({MIME: FORGED}, **{**k, 'metadata': {}})"
    ],
    "a stolen seed": [
        """
        import course.check.notebook as n
        old = n.publish
        def publish(unit, task, seed):
            from course.check import Expected, load
            from IPython.display import display
            unit = load(unit)
            display({n.OBSERVATIONS: Expected(unit, unit.tasks[task], seed).reference}, raw=True)
        n.publish = publish"""
    ],
    "the reference in the answer": [
        "def mean_of_squares(x):\n    from course.start_here.reference import mean_of_squares as f\n    return f(x)"
    ],
    "the reference of another process": [
        "import subprocess, sys\ndef mean_of_squares(x):\n    code = f'import course.start_here.reference as r; "
        "print(r.mean_of_squares({x.tolist()}))'\n"
        "    return float(subprocess.run([sys.executable, '-c', code], capture_output=True, check=True).stdout)"
    ],
    "a frame of the check": [
        "import inspect\ndef mean_of_squares(x):\n    frame = inspect.currentframe()\n"
        "    while frame:\n        for v in frame.f_locals.values():\n"
        "            if hasattr(v, 'reference'): return v.reference.mean_of_squares(x)\n        frame = frame.f_back\n    return 1"
    ],
    "an exit": ["import sys\ndef mean_of_squares(x): sys.exit(0)"],
    "an interrupt": ["def mean_of_squares(x): raise KeyboardInterrupt"],
    "a dead kernel": ["import os\ndef mean_of_squares(x): os._exit(0)"],
    "a copy of itself": ["import os\ndef mean_of_squares(x): os.fork(); return 1"],
    "a deleted answer": ["del mean_of_squares"],
    "a class of answers": ["import sys\nsys.modules['__main__'].__dict__['__getattr__'] = lambda n: 1"],
}  # fmt: skip

SEND = """
k = get_ipython().kernel
def send(kind, content, parent=..., **more):
    k.session.send(k.iopub_socket, kind, content, parent=k.get_parent() if parent is ... else parent, **more)
def raw(*frames, sign=True):
    frames = [f if isinstance(f, bytes) else f.encode('utf-8', 'surrogatepass') for f in frames]
    key = k.session.sign(frames) if sign else b'x'
    k.iopub_socket.send_multipart([b'topic', b'<IDS|MSG>', key, *frames])
import json
head = lambda kind: json.dumps(k.session.msg_header(kind), default=str)
parent = json.dumps(k.get_parent()['header'], default=str)
"""

MESSAGES = {
    "idle too early": "send('status', {'execution_state': 'idle'}); print('late')",
    "never idle": "k._publish_status = k._publish_status_and_flush = lambda *a, **x: None",
    "no status": "send('status', {})",
    "a status of another kind": "send('status', {'execution_state': ['idle']})",
    "content that is a list": "raw(head('stream'), parent, '{}', '[1]')",
    "content that is a number": "raw(head('stream'), parent, '{}', '1')",
    "no JSON": "raw(head('stream'), parent, '{}', '{')",
    "too few parts": "raw('{}')",
    "no parts": "k.iopub_socket.send_multipart([b''])",
    "a wrong signature": "raw(head('stream'), parent, '{}', '{}', sign=False)",
    "no header": "raw('{}', parent, '{}', '{}')",
    "a parent that is a list": "raw(head('stream'), '[]', '{}', '{}')",
    "a kind that is a list": "raw(json.dumps({'msg_id': 'x', 'msg_type': ['stream']}), parent, '{}', '{}')",
    "100,000 levels": "raw(head('stream'), parent, '{}', '[' * 100_000 + ']' * 100_000)",
    "900 levels": "raw(head('display_data'), parent, '{}', '{\"data\": {\"a/json\": ' + '[' * 900 + ']' * 900 + '}}')",
    "lone surrogates": "raw(head('stream'), parent, '{}', '{\"name\": \"stdout\", \"text\": \"\\\\ud800 here\"}')",
    "no UTF-8": "raw(head('stream'), parent, '{}', b'{\"name\": \"stdout\", \"text\": \"\\xff\\xfe\"}')",
    "NaN": "raw(head('display_data'), parent, '{}', '{\"data\": {\"application/json\": [NaN, Infinity]}, \"metadata\": {}}')",
    "a huge number": "raw(head('stream'), parent, '{}', '{\"text\": ' + '1' * 100_000 + '}')",
    "a stream of nothing": "send('stream', {})",
    "a stream of numbers": "send('stream', {'name': 5, 'text': 7})",
    "a stream with another name": "send('stream', {'name': '../x', 'text': 'text'})",
    "a display of nothing": "send('display_data', {})",
    "a display of a list": "send('display_data', {'data': [1], 'metadata': 3})",
    "odd MIME types": "send('display_data', {'data': {'': 'x', 'a b': 'y', 'text/plain': {'a': 1}, '\\n/x': 'z'}})",
    "an image that is none": "send('display_data', {'data': {'image/png': 5, 'text/html': ['<b>', 6]}, 'metadata': {}})",
    "an error of nothing": "send('error', {})",
    "an error of numbers": "send('error', {'ename': 1, 'evalue': 2, 'traceback': 3})",
    "an error without end": "send('error', {'ename': 'E', 'evalue': 'v', 'traceback': ['x'] * 50_000})",
    "an execution count": "send('execute_input', {'execution_count': 'many', 'code': 5})",
    "a negative count": "send('execute_input', {'execution_count': -1})",
    "an update of nothing": "send('update_display_data', {'transient': {'display_id': 'nobody'}})",
    "an id that is a list": "send('display_data', {'data': {}, 'metadata': {}, 'transient': {'display_id': ['x']}})",
    "a transient that is a text": "send('display_data', {'data': {}, 'metadata': {}, 'transient': 'x'})",
    "comm messages": "send('comm_open', {}); send('comm_msg', {'data': 5}); send('comm_close', {'comm_id': 1})",
    "a widget": "send('comm_open', {'comm_id': 'c', 'target_name': 'jupyter.widget', 'data': {'state': 5, 'buffer_paths': [1]}})",
    "clear_output": "send('clear_output', {'wait': [1]}); send('clear_output', {})",
    "an unknown kind": "send('surprise', {'x': 1})",
    "a message of nobody": "send('stream', {'name': 'stdout', 'text': 'x'}, parent={})",
    "a thousand parts": "k.iopub_socket.send_multipart([b'topic', b'<IDS|MSG>', *[b'x'] * 1000])",
    "a reply too early": "k.session.send(k.shell_stream if hasattr(k, 'shell_stream') else k.shell_socket, 'execute_reply', "
                         "{'status': 5}, parent=k.get_parent(), ident=k._shell_parent_ident.get())",
    "replies of other kinds": "k.do_execute = lambda *a, **x: {'status': ['odd'], 'payload': 5}",
    "a closed socket": "k.iopub_socket.close()",
}  # fmt: skip
