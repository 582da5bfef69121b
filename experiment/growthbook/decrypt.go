package growthbook

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"strings"
)

// ErrDecrypt says that a text cannot be decrypted with the key.
var ErrDecrypt = errors.New("growthbook: cannot decrypt")

// Decrypt returns the plain text of what GrowthBook encrypted: base64 of an initialisation vector, a dot, base64 of the
// text under AES in CBC mode with PKCS #7 padding. The key is base64 as well. Anything else is ErrDecrypt. CBC does not
// prove who wrote the text: trust it no more than where it came from.
func Decrypt(text, key string) ([]byte, error) {
	head, body, ok := strings.Cut(text, ".")
	iv, err1 := base64.StdEncoding.DecodeString(head)
	data, err2 := base64.StdEncoding.DecodeString(body)
	k, err3 := base64.StdEncoding.DecodeString(key)
	if !ok || err1 != nil || err2 != nil || err3 != nil {
		return nil, ErrDecrypt
	}
	block, err := aes.NewCipher(k)
	if err != nil || len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, ErrDecrypt
	}
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(data, data)
	n := int(data[len(data)-1])
	if n == 0 || n > aes.BlockSize {
		return nil, ErrDecrypt
	}
	for _, b := range data[len(data)-n:] {
		if int(b) != n {
			return nil, ErrDecrypt
		}
	}
	return data[:len(data)-n], nil
}
