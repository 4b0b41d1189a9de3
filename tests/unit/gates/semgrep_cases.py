"""Code for the rules of the gate semgrep: what each has to find, and what all have to pass.

tests/assets/semgrep/{bad,good}.json are what semgrep printed about `bad_code()` and `good_code()` as src/app.py.
"""

from __future__ import annotations

from typing import Final

IMPORTS: Final = """\
import pickle, cloudpickle, dill, joblib, jsonpickle, shelve
import shutil, ssl, tarfile, urllib.request
import httpx, keras, requests, torch, yaml
import numpy as np
import pandas as pd
import urllib3
from datasets import load_dataset
from huggingface_hub import hf_hub_download, snapshot_download
from joblib import load as read_model
from transformers import AutoModel, pipeline
from yaml import CSafeLoader
"""
COMMIT: Final = "0123456789abcdef0123456789abcdef01234567"

BAD: Final[dict[str, tuple[str, ...]]] = {
    "slipway-ml-unpickle": (
        "pickle.load(file)",
        "pickle.loads(content)",
        "pickle.Unpickler(file).load()",
        "cloudpickle.load(file)",
        "cloudpickle.loads(content)",
        "dill.load(file)",
        "dill.loads(content)",
        "dill.load_session(path)",
        "dill.load_module(path)",
        "joblib.load(path)",
        "read_model(path, mmap_mode='r')",
        "jsonpickle.decode(text)",
        "shelve.open(path)",
        "pd.read_pickle(path)",
    ),
    "slipway-ml-torch-load": (
        "torch.load(path)",
        "torch.load(path, map_location='cpu', weights_only=False)",
        "torch.load(path, weights_only=choice)",
    ),
    "slipway-ml-numpy-pickle": (
        "np.load(path, allow_pickle=True)",
        "np.load(path, allow_pickle=choice)",
        "np.load(path, None, True)",
    ),
    "slipway-ml-keras-unsafe": (
        "keras.models.load_model(path, safe_mode=False)",
        "keras.config.enable_unsafe_deserialization()",
    ),
    "slipway-ml-remote-code": (
        f"AutoModel.from_pretrained(name, revision='{COMMIT}', trust_remote_code=True)",
        f"load_dataset(name, revision='{COMMIT}', trust_remote_code=choice)",
        "options = {'trust_remote_code': True}",
        "options = dict(trust_remote_code=True)",
        "torch.hub.load('owner/name', 'model')",
    ),
    "slipway-ml-yaml-load": (
        "yaml.load(text)",
        "yaml.load(text, Loader=yaml.FullLoader)",
        "yaml.load(text, yaml.Loader)",
        "yaml.load_all(text, Loader=yaml.UnsafeLoader)",
        "yaml.unsafe_load(text)",
        "yaml.full_load(text)",
    ),
    "slipway-ml-archive-extract": (
        "tarfile.open(path).extractall(folder)",
        "archive = tarfile.open(path); archive.extractall(folder)",
        "with tarfile.open(path) as tar: tar.extractall(folder, filter='fully_trusted')",
        "shutil.unpack_archive(path, folder)",
    ),
    "slipway-ml-unpinned-download": (
        "AutoModel.from_pretrained('owner/name')",
        "hf_hub_download('owner/name', 'model.safetensors')",
        "snapshot_download(repo_id='owner/name')",
        "load_dataset('owner/name', split='train')",
        "pipeline('text-classification', model='owner/name')",
    ),
    "slipway-ml-moving-revision": (
        "AutoModel.from_pretrained('owner/name', revision='main')",
        "hf_hub_download('owner/name', 'model.onnx', revision='v1.0')",
        "load_dataset('owner/name', revision='0123abc')",
    ),
    "slipway-ml-unverified-tls": (
        "requests.get(url, verify=False)",
        "httpx.Client(verify=False)",
        "requests.Session().post(url, verify=False)",
        "session.verify = False",
        "urllib.request.urlopen(url, context=ssl._create_unverified_context())",
        "ssl._create_default_https_context = context",
        "context.verify_mode = ssl.CERT_NONE",
        "urllib3.PoolManager(cert_reqs='CERT_NONE')",
    ),
    "slipway-ml-unchecked-download": (
        "urllib.request.urlretrieve(url, path)",
        "torch.hub.load_state_dict_from_url(url)",
        "torch.hub.download_url_to_file(url, path)",
        "keras.utils.get_file('weights.h5', url)",
        "pd.read_csv('http://example.org/data.csv')",
        "requests.get('http://example.org/model.onnx')",
        "httpx.get('http://example.org/model.onnx')",
        "urllib.request.urlopen('http://example.org/model.onnx')",
    ),
}
# Beside each bad line stands a good one of the same library; also code that only looks alike.
GOOD: Final = (
    "pickle.dumps(value)",
    "joblib.dump(value, path)",
    "model.load(path)",
    "json.load(file)",
    "store.load(content, known.model)",
    "torch.load(path, weights_only=True)",
    "torch.load(path, map_location='cpu', weights_only=True)",
    "np.load(path)",
    "np.load(path, allow_pickle=False)",
    "keras.models.load_model(path)",
    "AutoModel.from_pretrained(name, local_files_only=True)",
    f"AutoModel.from_pretrained(name, revision='{COMMIT}')",
    f"AutoModel.from_pretrained(name, revision='{COMMIT}', trust_remote_code=False)",
    "AutoModel.from_pretrained(name, revision=settings.revision)",
    f"hf_hub_download('owner/name', 'model.onnx', revision='{COMMIT}')",
    "load_dataset('csv', data_files=path)",
    "command.upgrade(config, revision='head')",
    "torch.hub.load(folder, 'model', source='local')",
    "yaml.safe_load(text)",
    "yaml.load(text, Loader=yaml.SafeLoader)",
    "yaml.load(text, Loader=CSafeLoader)",
    "yaml.load(text, yaml.SafeLoader)",
    "tarfile.open(path).extractall(folder, filter='data')",
    "archive = tarfile.open(path); archive.extractall(folder, filter='data')",
    "with tarfile.open(path) as tar: tar.extractall(folder, filter=tarfile.data_filter)",
    "shutil.unpack_archive(path, folder, filter='data')",
    "requests.get(url, timeout=5)",
    "requests.get(url, verify='/etc/ssl/own.pem')",
    "httpx.Client(verify=context)",
    "context.verify_mode = ssl.CERT_REQUIRED",
    "torch.hub.load_state_dict_from_url(url, check_hash=True)",
    "torch.hub.download_url_to_file(url, path, hash_prefix=digest)",
    "keras.utils.get_file('weights.h5', url, file_hash=digest)",
    "pd.read_csv('https://example.org/data.csv')",
    "pd.read_csv('data.csv')",
    "text = 'pickle.load(file)'",
    "pass  # pickle.load(file)",
)


def bad_code() -> str:
    """Each bad statement on a line of its own; asking for silence in the code changes nothing."""
    statements = [f"{line}  # nosemgrep" for lines in BAD.values() for line in lines]
    return IMPORTS + "\n".join(statements) + "\n"


def bad_places() -> list[tuple[int, str]]:
    """The line and the rule of each finding that there has to be."""
    first = IMPORTS.count("\n") + 1
    rules = [rule for rule, lines in BAD.items() for _ in lines]
    return list(enumerate(rules, start=first))


def good_code() -> str:
    """Nothing to find."""
    return IMPORTS + "\n".join(GOOD) + "\n"
