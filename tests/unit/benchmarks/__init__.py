"""The benchmark's plain parts."""
