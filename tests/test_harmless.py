"""What a confined kernel sends is made anew before JupyterLab, which trusts it, gets it."""

import json

import pytest
from jupyter_client.session import Session

from autograder.interactive import harmless
from autograder.interactive.harmless import Filter

KEY = b"key"
SCRIPT = "<script>fetch('/api/terminals', {method: 'POST'})</script>"


def frames(kind, content, parent="p", session=None):
    session = session or Session(key=KEY)
    message = session.msg(kind, content, parent={"header": {"msg_id": parent, "msg_type": "execute_request"}})
    return session.serialize(message, ident=[b"identity"])


def passed(kind, content, filtered=None):
    """The type and content that are passed on; None if nothing is."""
    made = (filtered or Filter(KEY)).passed_on(frames(kind, content))
    if made is None:
        return None
    identities, rest = Session(key=KEY).feed_identities(made)
    message = Session(key=KEY).deserialize(rest)
    assert identities == [b"identity"] and message["parent_header"]["msg_id"] == "p"
    return message["msg_type"], message["content"]


def data(**bundle):
    kind, content = passed("display_data", {"data": {key.replace("_", "/"): value for key, value in bundle.items()}})
    assert kind == "display_data" and content["metadata"] == {}
    return content["data"]


def test_what_an_honest_notebook_shows_is_passed_on():
    assert passed("stream", {"name": "stdout", "text": "hi"}) == ("stream", {"name": "stdout", "text": "hi"})
    assert data(text_plain="1", image_png="aGk=") == {"text/plain": "1", "image/png": "aGk="}
    assert data(text_html="<b>bold</b>") == {"text/html": "<b>bold</b>"}
    assert data(text_plain="x", text_latex="$x$") == {"text/plain": "x", "text/latex": "$x$"}
    error = {"ename": "E", "evalue": "e", "traceback": ["line"]}
    assert passed("error", error) == ("error", error)
    result = {"execution_count": 3, "data": {"text/plain": "7"}, "metadata": {}}
    assert passed("execute_result", result) == ("execute_result", {**result, "transient": {}})
    shown = {"data": {"text/plain": "7"}, "metadata": {}, "transient": {"display_id": "d"}}
    assert passed("update_display_data", shown) == ("update_display_data", shown)
    assert passed("status", {"execution_state": "idle"}) == ("status", {"execution_state": "idle"})
    assert passed("input_request", {"prompt": "?", "password": False})[1] == {"prompt": "?", "password": False}


@pytest.mark.parametrize(
    "mime",
    ["application/javascript", "application/vnd.vega.v5+json", "application/pdf", "text/x-anything", "video/mp4",
     "application/vnd.jupyter.widget-view+json", "application/json", "application/geo+json"],
)  # fmt: skip
def test_types_that_could_do_something_are_left_out(mime):
    content = {"data": {mime: SCRIPT, "text/plain": "plain"}, "metadata": {mime: {"isolated": True}}}
    assert passed("display_data", content)[1]["data"] == {"text/plain": "plain"}
    assert passed("display_data", {"data": {mime: SCRIPT}})[1]["data"] == {
        "text/plain": "(an output that is not shown here)"
    }


@pytest.mark.parametrize(
    "bundle",
    [
        {"text_html": f"<b>x</b>{SCRIPT}"},
        {"text_html": "<img src=x onerror=alert(1)>"},
        {"text_html": "<iframe src='/lab'></iframe><form action='/api/shutdown'>"},
        {"text_markdown": f"*x* {SCRIPT}"},
        {"text_markdown": "<img src=x onerror=alert(1)>"},
        {"image_svg+xml": f"<svg onload='alert(1)'>{SCRIPT}</svg>"},
    ],
)
def test_no_script_and_no_address_is_passed_on(bundle):
    made = str(data(**bundle))
    assert not [one for one in ("<script", "onerror", "onload", "<iframe", "<form", "src=x") if one in made]


def test_replies_carry_no_payload_and_nothing_to_render():
    reply = {"status": "ok", "execution_count": 1, "user_expressions": {"x": {"data": {"text/html": SCRIPT}}},
             "payload": [{"source": "page", "data": {"text/html": SCRIPT}}]}  # fmt: skip
    assert passed("execute_reply", reply) == ("execute_reply", {"status": "ok", "execution_count": 1})
    found = {"status": "ok", "found": True, "data": {"text/html": SCRIPT, "text/plain": "help"}, "metadata": {"x": 1}}
    assert passed("inspect_reply", found)[1]["data"] == {"text/plain": "help"}
    told = passed("kernel_info_reply", {"help_links": [{"text": "x", "url": "javascript:alert(1)"}], "banner": SCRIPT})
    assert told[1]["help_links"] == [] and told[1]["banner"] == "" and told[1]["language_info"]["name"] == "python"


@pytest.mark.parametrize(
    "kind", ["comm_open", "comm_msg", "debug_event", "debug_reply", "usage_reply", "made_up", "<b>"]
)
def test_other_messages_are_dropped(kind):
    assert passed(kind, {"target_name": "jupyter.widget", "data": {}}) is None


@pytest.mark.parametrize(
    ("kind", "content"),
    [("stream", {"text": 1}), ("status", {"execution_state": SCRIPT}), ("error", {"ename": []}),
     ("execute_reply", {"status": ["ok"]}), ("input_request", {"prompt": {}}), ("display_data", {"data": []}),
     ("display_data", {"data": {"text/html": {}}}), ("display_data", {"data": {}, "transient": {"display_id": {}}})],
)  # fmt: skip
def test_what_is_malformed_is_dropped(kind, content):
    assert passed(kind, content) is None


def test_frames_that_are_no_message_are_dropped():
    filtered = Filter(KEY)
    honest = frames("stream", {"name": "stdout", "text": "x"})
    assert filtered.passed_on([]) is None and filtered.passed_on([b"x"] * 7) is None
    assert filtered.passed_on([*honest[:-1], json.dumps({"name": "stdout", "text": "forged"}).encode()]) is None
    assert filtered.passed_on(frames("stream", {"text": "x"}, session=Session(key=b"another"))) is None
    assert filtered.passed_on(frames("stream", {"name": "stdout", "text": "x"})) is not None


def test_a_flood_is_cut_off_and_told_once_and_its_end_comes_through(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(harmless.time, "monotonic", lambda: now[0])
    filtered = Filter(KEY)
    came = [passed("stream", {"name": "stdout", "text": "x" * 900_000}, filtered) for _ in range(40)]
    texts = [one[1]["text"] for one in came if one]
    assert sum(map(len, texts)) < harmless.BYTES_AT_ONCE and texts[-1] == harmless.LEFT_OUT and came[-1] is None
    assert passed("status", {"execution_state": "idle"}, filtered)
    now[0] = 60.0
    assert passed("stream", {"name": "stdout", "text": "again"}, filtered)[1]["text"] == "again"
