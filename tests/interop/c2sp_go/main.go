// Command c2spcheck verifies a log with nothing of Vastedag: the note and tlog packages of
// golang.org/x/mod, and the C2SP texts tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature.
//
// Usage: c2spcheck -log URL -vkey VKEY [-cosigner VKEY]... [-quorum N] [-token TOKEN]
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type names []string

func (n *names) String() string     { return strings.Join(*n, ",") }
func (n *names) Set(v string) error { *n = append(*n, v); return nil }

// cosigner is a tlog-cosignature key of type 0x04, which package note does not know itself.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
	at   *time.Time
}

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("malformed cosigner vkey")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 0x04 {
		return nil, errors.New("not an Ed25519 cosignature vkey")
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	return &cosigner{parts[0], binary.BigEndian.Uint32(sum[:4]), raw[1:], new(time.Time)}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+64 {
		return false
	}
	seconds := binary.BigEndian.Uint64(sig[:8])
	*c.at = time.Unix(int64(seconds), 0).UTC()
	signed := fmt.Sprintf("cosignature/v1\ntime %d\n%s", seconds, msg)
	return ed25519.Verify(c.key, []byte(signed), sig[8:])
}

type source struct{ base, token string }

func (s source) get(path string) ([]byte, error) {
	request, err := http.NewRequest("GET", s.base+"/"+path, nil)
	if err != nil {
		return nil, err
	}
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != 200 {
		err = fmt.Errorf("%s: status %d", path, answer.StatusCode)
	}
	return body, err
}

// Height and the two methods below make source a tlog.TileReader; C2SP paths leave out the height.
func (s source) Height() int { return tileHeight }
func (s source) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		var err error
		if data[i], err = s.get(path); err != nil {
			return nil, err
		}
	}
	return data, nil
}
func (s source) SaveTiles([]tlog.Tile, [][]byte) {}

func (s source) bundle(number int64, width int) ([][]byte, error) {
	path := tlog.Tile{H: tileHeight, L: -1, N: number, W: width}.Path()
	body, err := s.get(strings.Replace(path, fmt.Sprintf("tile/%d/data/", tileHeight), "tile/entries/", 1))
	if err != nil {
		return nil, err
	}
	entries := make([][]byte, 0, width)
	for len(body) > 0 {
		if len(body) < 2 || len(body) < 2+int(binary.BigEndian.Uint16(body)) {
			return nil, fmt.Errorf("bundle %d: cut short", number)
		}
		length := int(binary.BigEndian.Uint16(body))
		entries = append(entries, body[2:2+length])
		body = body[2+length:]
	}
	if len(entries) != width {
		return nil, fmt.Errorf("bundle %d: %d entries, expected %d", number, len(entries), width)
	}
	return entries, nil
}

func check(s source, vkey string, cosigners []string, quorum int) error {
	logVerifier, err := note.NewVerifier(vkey)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{logVerifier}
	times := map[string]*time.Time{}
	for _, text := range cosigners {
		c, err := newCosigner(text)
		if err != nil {
			return err
		}
		verifiers, times[c.name] = append(verifiers, c), c.at
	}
	raw, err := s.get("checkpoint")
	if err != nil {
		return err
	}
	opened, err := note.Open(raw, note.VerifierList(verifiers...))
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	signedByLog, seconded := false, 0
	for _, signature := range opened.Sigs {
		if signature.Name == logVerifier.Name() {
			signedByLog = true
		} else {
			seconded++
			fmt.Printf("cosigned by %s at %s\n", signature.Name, times[signature.Name].Format(time.RFC3339))
		}
	}
	if !signedByLog || seconded < quorum {
		return fmt.Errorf("checkpoint: log signature %v, %d cosignatures, %d asked", signedByLog, seconded, quorum)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	rootBytes, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(rootBytes) != 32 {
		return errors.New("checkpoint: malformed root")
	}
	tree := tlog.Tree{N: size, Hash: tlog.Hash(rootBytes)}
	fmt.Printf("checkpoint of %s: size %d, root %x\n", lines[0], size, rootBytes)
	return entries(s, tree)
}

// entries checks every entry under the signed root, and that each names the hash of the one before.
func entries(s source, tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, s)
	previous := make([]byte, 32)
	for first := int64(0); first < tree.N; first += 256 {
		width := int(min(256, tree.N-first))
		bundle, err := s.bundle(first/256, width)
		if err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		hashes, err := reader.ReadHashes(indexes) // proves each against the root
		if err != nil {
			return err
		}
		for i, entry := range bundle {
			index := first + int64(i)
			if tlog.RecordHash(entry) != hashes[i] {
				return fmt.Errorf("entry %d: not the one under the root", index)
			}
			var link struct {
				N    int64  `json:"n"`
				Prev []byte `json:"prev"`
			}
			if err := json.Unmarshal(entry, &link); err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
			if link.N != index || !bytes.Equal(link.Prev, previous) {
				return fmt.Errorf("entry %d: the hash chain breaks here", index)
			}
			sum := sha256.Sum256(entry)
			previous = sum[:]
		}
	}
	fmt.Printf("%d entries: all under the signed root, chain unbroken\n", tree.N)
	return nil
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func main() {
	var cosigners names
	base := flag.String("log", "", "address of the log, without trailing slash")
	vkey := flag.String("vkey", "", "verifier key of the log")
	quorum := flag.Int("quorum", 0, "cosignatures that must stand under the checkpoint")
	token := flag.String("token", os.Getenv("VASTEDAG_TOKEN"), "auditor's token for entry bundles")
	flag.Var(&cosigners, "cosigner", "verifier key of a cosigner; may be given again")
	flag.Parse()
	if err := check(source{*base, *token}, *vkey, cosigners, *quorum); err != nil {
		fmt.Fprintln(os.Stderr, "c2spcheck:", err)
		os.Exit(1)
	}
}
