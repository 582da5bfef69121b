package deals

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// ZoneData says where this program's zones come from: the directory or archive that package time reads, or the program
// itself, and the version of the IANA database there, such as "2025b". The version is that of the Go release, such as
// "go1.26.8", for what comes with Go, and empty where the directory does not tell. Two machines whose versions differ
// may open a window at different instants. It reads a small file or two at each call.
func ZoneData() (source, version string) {
	dirs := []string{os.Getenv("ZONEINFO"), "/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}
	for _, dir := range dirs { // in the order of package time
		if info, err := os.Stat(filepath.Join(dir, "Europe", "Berlin")); dir != "" && err == nil && !info.IsDir() {
			return dir, zoneVersion(dir)
		}
		if info, err := os.Stat(dir); dir != "" && err == nil && !info.IsDir() {
			return dir, "" // an archive
		}
	}
	return "go", runtime.Version()
}

// zoneVersion reads what distributions put beside the zones: tzdata.zi begins with "# version 2025b", and +VERSION or
// version holds it alone.
func zoneVersion(dir string) string {
	for _, name := range []string{"tzdata.zi", "+VERSION", "version"} {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		line, _ := bufio.NewReader(file).ReadString('\n')
		_ = file.Close()
		if version := strings.TrimSpace(strings.TrimPrefix(line, "# version ")); version != "" && !strings.ContainsAny(version, " #") {
			return version
		}
	}
	return ""
}
