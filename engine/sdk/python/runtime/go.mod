module dagger/python-sdk

go 1.24.4

require github.com/pelletier/go-toml/v2 v2.2.4
