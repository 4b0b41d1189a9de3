"""Property tests here are many and small: no deadline (machines are shared), no database of past
failures.
"""

from hypothesis import settings

settings.register_profile("domain", deadline=None, max_examples=40, database=None)
settings.load_profile("domain")
