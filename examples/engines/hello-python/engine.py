#!/usr/bin/env python3
"""The hello engine in Python: writes GREETING in the workspace. Config: {"text": "..."} (optional)."""
import difflib, hashlib, json, os, subprocess, sys

MODE = os.environ["CABINCREW_MODE"]
WORKSPACE = os.environ["CABINCREW_WORKSPACE"]
HERE = os.path.join(os.environ["CABINCREW_ARTIFACTS_DIR"], "greeting")
PATCH = os.path.join(HERE, "body.data")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def receipt(status, code, **more):
    # Standard output carries this one document and nothing else; logs go to standard error.
    json.dump({"protocol_version": "draft-1", "engine_id": "hello-python", "mode": MODE, "receipt_id": "hello", "status": status, **more}, sys.stdout)
    sys.exit(code)


def plan(text):
    """Says what would be done; changes nothing. The patch is the declaration: take-off may change what it says and no more."""
    path = os.path.join(WORKSPACE, "GREETING")
    there = os.path.exists(path)
    old = open(path, encoding="utf-8").read() if there else ""
    lines = difflib.unified_diff(old.splitlines(True), (text + "\n").splitlines(True), "a/GREETING" if there else "/dev/null", "b/GREETING")
    patch = "".join(lines).encode()
    artifact = {"type": "file_patch", "action": "update", "role": "evidence", "metadata": {"path": "GREETING"}}
    os.mkdir(HERE)
    if patch:
        open(PATCH, "wb").write(patch)
        artifact.update(body_file="body.data", integrity=sha256(patch))
    document = json.dumps(artifact).encode()
    open(os.path.join(HERE, "artifact.json"), "wb").write(document)
    receipt("success", 0, artifacts=[{"name": "greeting", "role": "evidence", "path": "greeting/artifact.json", "hash": sha256(document), "size": len(document) + len(patch)}])


def take_off():
    """Applies the frozen patch, and nothing that is computed anew."""
    if os.path.exists(PATCH):
        done = subprocess.run(["git", "apply", "--whitespace=nowarn", PATCH], cwd=WORKSPACE, stdout=sys.stderr)
        if done.returncode:
            receipt("failure", 1, error="the patch does not apply")
    receipt("success", 0, artifacts=[])


try:
    document = json.load(sys.stdin)
    if document.get("protocol_version") != "draft-1":
        raise ValueError("the input is not a draft-1 document")
    config = document.get("config") or {}
    text = config.get("text", "Hello from CabinCrew.")
    if not isinstance(text, str) or "\n" in text or set(config) - {"text"}:
        raise ValueError("config: expected at most 'text', one line")
except (ValueError, AttributeError) as problem:
    receipt("failure", 2, error=str(problem))
plan(text) if MODE == "flight-plan" else take_off()
