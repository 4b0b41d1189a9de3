"""The settings of the service, from environment variables named like the fields, in capitals."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the model is, where to listen, how much to accept, how long to take to stop."""

    model_config = SettingsConfigDict(protected_namespaces=(), frozen=True)
    model_dir: Path = Path("/model")
    # All interfaces: in a container the outside decides who gets in.
    host: str = "0.0.0.0"  # nosec B104
    port: Annotated[int, Field(ge=1, le=65535)] = 8080
    # A thousand rows take about 820 kB of JSON.
    max_body_bytes: Annotated[int, Field(ge=1_000)] = 2_000_000
    # Seconds that requests under way are given to finish after SIGTERM; Kubernetes kills after 30.
    grace_seconds: Annotated[int, Field(ge=0)] = 20
