// Traffic for the tests: the server and the client in the pods of the test cluster, on its nodes and outside of it.
//
//	traffic serve PROTOCOL:PORT...            greets each TCP connection with its name, then echoes lines; answers each datagram "NAME WORDS"
//	traffic ask N TO [SOURCE...]              N TCP connections from each source; a line each: the source, and who answered, in order
//	traffic lean TO                           opens 12, closes those to one backend, opens 3: prints that backend, then the three
//	traffic begin NAME [-from IP] KIND,PROTOCOL,TO...   starts flows in the background; ends when each had an answer, or says which had none
//	traffic end NAME                          ends them; prints a JSON list with a report for each flow
//
// KIND is long (one connection or socket for the whole time, a line each 300 ms) or new (a connection or socket each 600 ms).
// TO is HOST:PORT, or [HOST]:PORT.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	patience = 60 * time.Second // an answer that takes longer is lost
	folder   = "/run/traffic"   // what `begin` and `end` leave for each other
)

func main() {
	verbs := map[string]func([]string) error{"serve": serve, "ask": ask, "lean": lean, "begin": begin, "flows": flows, "end": end}
	if len(os.Args) < 3 || verbs[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: traffic serve|ask|lean|begin|end ..."))
	}
	if err := verbs[os.Args[1]](os.Args[2:]); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "traffic:", err)
	os.Exit(1)
}

// file is where flows NAME keep one of: begun, stop, report.
func file(name, what string) string { return folder + "/" + name + "." + what }

func until(what string, within time.Duration, done func() bool) error {
	for deadline := time.Now().Add(within); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("not yet: %s", what)
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// begin starts this program again in a session of its own, and waits for the first answer of every flow.
func begin(words []string) error {
	name := words[0]
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, what := range []string{"begun", "stop", "report"} {
		os.Remove(file(name, what))
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	again := exec.Command(self, append([]string{"flows"}, words...)...)
	again.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := again.Start(); err != nil {
		return err
	}
	err = until("an answer to each flow", 2*patience, func() bool { return exists(file(name, "begun")) || exists(file(name, "report")) })
	if err == nil && exists(file(name, "report")) {
		return fmt.Errorf("flows %s ended before they began: see `traffic end %s`", name, name)
	}
	return err
}

func end(words []string) error {
	if err := os.WriteFile(file(words[0], "stop"), nil, 0o644); err != nil {
		return err
	}
	if err := until("the report", 2*patience, func() bool { return exists(file(words[0], "report")) }); err != nil {
		return err
	}
	report, err := os.ReadFile(file(words[0], "report"))
	if err == nil {
		fmt.Println(string(report))
	}
	return err
}

// flows runs in the background between begin and end.
func flows(words []string) error {
	name, words := words[0], words[1:]
	from := ""
	if len(words) > 1 && words[0] == "-from" {
		from, words = words[1], words[2:]
	}
	stop, started, done := make(chan struct{}), make(chan struct{}, len(words)), make(chan struct{}, len(words))
	reports := make([]*flow, len(words))
	for i, word := range words {
		parts := strings.SplitN(word, ",", 3)
		if len(parts) != 3 {
			return fmt.Errorf("not KIND,PROTOCOL,TO: %s", word)
		}
		reports[i] = &flow{Kind: parts[0], Protocol: parts[1], To: parts[2], From: from, Backends: map[string]int{}}
		go func(f *flow) {
			f.run(stop, started)
			done <- struct{}{}
		}(reports[i])
	}
	go func() {
		for range words {
			<-started
		}
		os.WriteFile(file(name, "begun"), nil, 0o644)
	}()
	for !exists(file(name, "stop")) {
		time.Sleep(100 * time.Millisecond)
	}
	close(stop)
	for range words {
		<-done
	}
	text, err := json.Marshal(reports)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file(name, "new"), text, 0o644); err != nil {
		return err
	}
	return os.Rename(file(name, "new"), file(name, "report"))
}

// connect opens a TCP connection and reads who answers.
func connect(to, source string, within time.Duration) (net.Conn, string, error) {
	dialer := net.Dialer{Timeout: within}
	if source != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	connection, err := dialer.Dial("tcp", to)
	if err != nil {
		return nil, "", err
	}
	connection.SetReadDeadline(time.Now().Add(within))
	name, err := line(connection)
	if err != nil {
		connection.Close()
		return nil, "", err
	}
	return connection, name, nil
}

// line reads to the end of a line, and no byte more.
func line(connection net.Conn) (string, error) {
	said, one := []byte{}, make([]byte, 1)
	for {
		if _, err := connection.Read(one); err != nil {
			return "", err
		}
		if one[0] == '\n' {
			return string(said), nil
		}
		said = append(said, one[0])
	}
}
