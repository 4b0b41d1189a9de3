// The Python SDK of an engine that was built without Dagger's own container image.
//
// It does what Dagger's runtime module of the same name does, under the same environment variables
// and paths: a container that runs a Python module's functions. Two things differ, both to keep
// waiting short. The client library comes from PyPI instead of being generated for each module, and
// what the module depends on is installed before its source is mounted, so that an edit of the
// source installs nothing.
package main

import (
	"context"
	"fmt"

	"dagger/python-sdk/internal/dagger"
)

// PythonSdk builds the containers that Python modules run in.
type PythonSdk struct{}

// New makes the SDK. The engine hands over the SDK's own folder, which is not needed here.
func New(
	// +optional
	sdkSourceDir *dagger.Directory,
) *PythonSdk {
	return &PythonSdk{}
}

// Codegen returns the module's files as they are: the client library is not vendored.
func (sdk *PythonSdk) Codegen(
	ctx context.Context,
	modSource *dagger.ModuleSource,
	introspectionJson *dagger.File,
) (*dagger.GeneratedCode, error) {
	return dag.GeneratedCode(modSource.ContextDirectory()).
		WithVCSIgnoredPaths([]string{".venv", "**/__pycache__"}), nil
}

// ModuleRuntime is the container that registers and runs the functions of a Python module.
func (sdk *PythonSdk) ModuleRuntime(
	ctx context.Context,
	modSource *dagger.ModuleSource,
	introspectionJson *dagger.File,
) (*dagger.Container, error) {
	project, err := readProject(ctx, modSource)
	if err != nil {
		return nil, fmt.Errorf("Python module: %w", err)
	}
	return project.mounted(project.installed(base(project.BaseImage))), nil
}
