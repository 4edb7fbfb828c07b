package dev.hone.train.source.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** The hashes by which a hub names contents. */
final class Hashes {
  private static final int BUFFER = 1 << 20;

  private Hashes() {}

  /** The sha256 of a file, in hexadecimal digits. */
  static String sha256(Path file) throws IOException {
    return of(digest("SHA-256"), file);
  }

  static String sha256(byte[] content) {
    return HexFormat.of().formatHex(digest("SHA-256").digest(content));
  }

  /** What git calls a file: the sha1 of "blob LENGTH", a zero byte and the content. */
  static String git(Path file) throws IOException {
    MessageDigest digest = digest("SHA-1");
    digest.update(head(Files.size(file)));
    return of(digest, file);
  }

  static String git(byte[] content) {
    MessageDigest digest = digest("SHA-1");
    digest.update(head(content.length));
    return HexFormat.of().formatHex(digest.digest(content));
  }

  private static byte[] head(long length) {
    return ("blob " + length + "\0").getBytes(StandardCharsets.US_ASCII);
  }

  /** The hash that a name among the blobs of the cache has: sha256 for one of 64 digits, git's for one of 40. */
  static String like(String etag, Path file) throws IOException {
    return etag.length() == 64 ? sha256(file) : git(file);
  }

  static String like(String etag, byte[] content) {
    return etag.length() == 64 ? sha256(content) : git(content);
  }

  private static String of(MessageDigest digest, Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] buffer = new byte[BUFFER];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java platform has them
    }
  }
}
