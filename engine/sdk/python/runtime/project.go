package main

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"dagger/python-sdk/internal/dagger"

	"github.com/pelletier/go-toml/v2"
)

const (
	projectFile  = "pyproject.toml"
	pipLock      = "requirements.lock"
	uvLock       = "uv.lock"
	defaultImage = "python:3.11-slim-bookworm"
)

// pyproject is what this SDK reads of a pyproject.toml.
type pyproject struct {
	Project struct {
		Name         string                       `toml:"name"`
		Version      string                       `toml:"version"`
		Dependencies []string                     `toml:"dependencies"`
		EntryPoints  map[string]map[string]string `toml:"entry-points"`
	} `toml:"project"`
	Tool struct {
		Dagger struct {
			BaseImage string `toml:"base-image"`
		} `toml:"dagger"`
	} `toml:"tool"`
}

// project is a Python module, as far as its container depends on it.
type project struct {
	pyproject
	ModuleName string
	BaseImage  string
	Source     *dagger.Directory // the module's source folder, not its whole context
	Context    *dagger.Directory
	SubPath    string // the source folder within the context
	Files      []string
	LockNames  bool // the lock file names dagger-io too
}

func readProject(ctx context.Context, source *dagger.ModuleSource) (*project, error) {
	p := &project{Context: source.ContextDirectory(), BaseImage: defaultImage}
	var err error
	if p.ModuleName, err = source.ModuleOriginalName(ctx); err != nil {
		return nil, fmt.Errorf("read the module's name: %w", err)
	}
	if p.SubPath, err = source.SourceSubpath(ctx); err != nil {
		return nil, fmt.Errorf("read the module's source folder: %w", err)
	}
	p.Source = p.Context.Directory(p.SubPath)
	if p.Files, err = p.Source.Entries(ctx); err != nil {
		return nil, fmt.Errorf("list %s: %w", p.SubPath, err)
	}
	return p, p.parse(ctx)
}

// parse reads pyproject.toml, and whether the lock file covers the client library.
func (p *project) parse(ctx context.Context) error {
	where := path.Join(p.SubPath, projectFile)
	if !p.has(projectFile) {
		return fmt.Errorf("%s is missing: it names the project and what it depends on", where)
	}
	text, err := p.Source.File(projectFile).Contents(ctx)
	if err != nil {
		return fmt.Errorf("read %s: %w", where, err)
	}
	if err := toml.Unmarshal([]byte(text), &p.pyproject); err != nil {
		return fmt.Errorf("%s is not valid TOML: %w", where, err)
	}
	if p.Tool.Dagger.BaseImage != "" {
		p.BaseImage = p.Tool.Dagger.BaseImage
	}
	if p.Project.Name == "" {
		p.Project.Name = p.ModuleName
	}
	if !p.has(pipLock) {
		return nil
	}
	lock, err := p.Source.File(pipLock).Contents(ctx)
	p.LockNames = strings.Contains("\n"+lock, "\ndagger-io==")
	return err
}

func (p *project) has(name string) bool {
	return slices.Contains(p.Files, name) || slices.Contains(p.Files, name+"/")
}

var separators = regexp.MustCompile(`[-_.]+`)

// distribution is the project's name as it stands in file names (the packaging name specification).
func (p *project) distribution() string {
	return strings.ToLower(separators.ReplaceAllString(p.Project.Name, "_"))
}

// mainObject is the module's name in PascalCase, as Dagger names a module's main object.
func (p *project) mainObject() string {
	words := strings.FieldsFunc(p.ModuleName, func(r rune) bool { return strings.ContainsRune("-_. ", r) })
	for i, word := range words {
		words[i] = strings.ToUpper(word[:1]) + word[1:]
	}
	return strings.Join(words, "")
}
