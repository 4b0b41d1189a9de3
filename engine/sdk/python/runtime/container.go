package main

import (
	"fmt"
	"path"
	"sort"
	"strings"

	"dagger/python-sdk/internal/dagger"
)

const (
	sourceRoot = "/src"
	runtime    = "/runtime"
	venv       = "/opt/venv"
	// The client library of the engine's own version.
	sdkPackage = "dagger-io==0.19.10"
	uvPackage  = "uv==0.9.5"
	// Where pip puts packages: the base image's Python has to be found out only once.
	linkSitePackages = `import os, sysconfig; os.symlink(sysconfig.get_path("purelib"), "/opt/site-packages")`
)

const runtimeProgram = `#!/opt/venv/bin/python
import sys

from dagger.mod.cli import app

if __name__ == "__main__":
    sys.exit(app(None, "--register" in sys.argv[1:]))
`

// base is an empty virtual environment, active.
func base(image string) *dagger.Container {
	return dag.Container().
		From(image).
		WithEnvVariable("DAGGER_BASE_IMAGE", image).
		WithEnvVariable("PYTHONUNBUFFERED", "1").
		WithEnvVariable("PIP_DISABLE_PIP_VERSION_CHECK", "1").
		WithEnvVariable("PIP_ROOT_USER_ACTION", "ignore").
		WithMountedCache("/root/.cache/pip", dag.CacheVolume("modpython-pip")).
		WithExec([]string{"python", "-m", "venv", venv}).
		WithEnvVariable("VIRTUAL_ENV", venv).
		WithEnvVariable("PATH", venv+"/bin:$PATH", dagger.ContainerWithEnvVariableOpts{Expand: true}).
		WithExec([]string{"python", "-c", linkSitePackages})
}

// installed is the environment with everything that the module imports, but not the module.
//
// A lock file is taken at its word, hashes included; without one the newest that fits is taken.
func (p *project) installed(ctr *dagger.Container) *dagger.Container {
	switch {
	case p.has(pipLock):
		ctr = ctr.
			WithMountedFile("/lock/"+pipLock, p.Source.File(pipLock)).
			WithExec(pip("--require-hashes", "--no-deps", "-r", "/lock/"+pipLock))
	case p.has(uvLock):
		ctr = p.fromUvLock(ctr)
	default:
		return ctr.WithExec(pip(append([]string{sdkPackage}, p.Project.Dependencies...)...))
	}
	if !p.LockNames {
		ctr = ctr.WithExec(pip(sdkPackage))
	}
	return ctr
}

// fromUvLock has uv turn its lock into one that pip reads. The client library is left out of it: in
// a uv.lock it is a path that Dagger's own runtime would have filled.
func (p *project) fromUvLock(ctr *dagger.Container) *dagger.Container {
	return ctr.
		WithExec(pip(uvPackage)).
		WithMountedFile("/lock/"+uvLock, p.Source.File(uvLock)).
		WithMountedFile("/lock/"+projectFile, p.Source.File(projectFile)).
		WithWorkdir("/lock").
		WithExec([]string{
			"uv", "export", "--frozen", "--no-dev", "--no-emit-project",
			"--no-emit-package", "dagger-io", "--quiet", "--output-file", "/opt/" + pipLock,
		}).
		WithExec(pip("--require-hashes", "--no-deps", "-r", "/opt/"+pipLock))
}

func pip(arguments ...string) []string {
	return append([]string{"pip", "install", "--quiet"}, arguments...)
}

// mounted adds the module as an editable install does: a .pth file and the metadata that carries
// the entry points. No command runs once the source is there.
func (p *project) mounted(ctr *dagger.Container) *dagger.Container {
	folder := path.Join(sourceRoot, p.SubPath)
	info := fmt.Sprintf("/opt/site-packages/%s-%s.dist-info/", p.distribution(), p.version())
	importable := folder
	if p.has("src") {
		importable = path.Join(folder, "src")
	}
	return ctr.
		WithNewFile(info+"METADATA", p.metadata()).
		WithNewFile(info+"entry_points.txt", p.entryPoints()).
		WithNewFile("/opt/site-packages/_"+p.distribution()+".pth", importable+"\n").
		WithNewFile(runtime, runtimeProgram, dagger.ContainerWithNewFileOpts{Permissions: 0o755}).
		WithEntrypoint([]string{runtime}).
		WithWorkdir(folder).
		WithMountedDirectory(sourceRoot, p.Context).
		WithEnvVariable("DAGGER_MODULE", p.ModuleName).
		WithEnvVariable("DAGGER_DEFAULT_PYTHON_PACKAGE", p.distribution()).
		WithEnvVariable("DAGGER_MAIN_OBJECT", p.mainObject())
}

func (p *project) version() string {
	if p.Project.Version == "" {
		return "0"
	}
	return p.Project.Version
}

func (p *project) metadata() string {
	return fmt.Sprintf("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", p.Project.Name, p.version())
}

// entryPoints is the INI file of the entry points specification, sorted so that it is always the same.
func (p *project) entryPoints() string {
	var text strings.Builder
	for _, group := range sorted(p.Project.EntryPoints) {
		fmt.Fprintf(&text, "[%s]\n", group)
		for _, name := range sorted(p.Project.EntryPoints[group]) {
			fmt.Fprintf(&text, "%s = %s\n", name, p.Project.EntryPoints[group][name])
		}
	}
	return text.String()
}

func sorted[V any](table map[string]V) []string {
	keys := make([]string, 0, len(table))
	for key := range table {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
