// Package distconsts stands in for github.com/dagger/dagger/engine/distconsts.
//
// The genuine package is a nested module that the Go module proxy does not serve. It holds nothing
// but the names and places that Dagger's own container image uses. Here every place comes from the
// environment, so that an engine lives in one folder and several engines run side by side.
package distconsts

import "os"

// What the CLI and the client libraries know under the same names as everywhere else.
const (
	EngineContainerName   = "dagger-engine.dev"
	DefaultEngineSockAddr = "unix:///run/dagger/engine.sock"

	GoSDKManifestDigestEnvName         = "DAGGER_GO_SDK_MANIFEST_DIGEST"
	PythonSDKManifestDigestEnvName     = "DAGGER_PYTHON_SDK_MANIFEST_DIGEST"
	TypescriptSDKManifestDigestEnvName = "DAGGER_TYPESCRIPT_SDK_MANIFEST_DIGEST"

	OCIVersionAnnotation   = "org.opencontainers.image.version"
	EngineCustomCACertsDir = "/usr/local/share/ca-certificates"
)

// Base images that Dagger falls back to, e.g. for `terminal` on a directory.
const (
	AlpineVersion  = "3.22.1"
	AlpineImage    = "alpine:" + AlpineVersion
	GolangVersion  = "1.25.3"
	GolangImage    = "golang:" + GolangVersion + "-alpine"
	BusyboxVersion = "1.37.0"
	BusyboxImage   = "busybox:" + BusyboxVersion
)

// Where the engine finds its helpers and keeps its state.
var (
	RuncPath                         = place("SLIPWAY_ENGINE_RUNC", "/usr/local/bin/runc")
	DaggerInitPath                   = place("SLIPWAY_ENGINE_INIT", "/usr/local/bin/dagger-init")
	EngineDefaultStateDir            = place("SLIPWAY_ENGINE_STATE", "/var/lib/dagger")
	EngineContainerBuiltinContentDir = place("SLIPWAY_ENGINE_CONTENT", "/usr/local/share/dagger/content")
)

// place gives the value of an environment variable, or the place in Dagger's own image.
func place(variable, usual string) string {
	if value := os.Getenv(variable); value != "" {
		return value
	}
	return usual
}
