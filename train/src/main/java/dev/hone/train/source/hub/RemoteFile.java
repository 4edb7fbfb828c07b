package dev.hone.train.source.hub;

import java.util.regex.Pattern;

/**
 * A file of a repository, as the hub lists it.
 *
 * @param path from the root of the repository, with slashes
 * @param size in bytes
 * @param blobId what git calls it: the sha1 of a header and the content; of a large file, of the pointer in its place
 * @param sha256 of the content of a large file; else null
 * @param xetHash another hash, which the hub's own client uses; null if there is none
 */
record RemoteFile(String path, long size, String blobId, String sha256, String xetHash) {
  private static final Pattern GIT = Pattern.compile("[0-9a-f]{40}");
  static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  /** Checks what becomes a path in the cache. */
  RemoteFile {
    if (path.isEmpty() || path.startsWith("/") || path.contains("\\") || path.contains(":") || path.indexOf('\0') >= 0
        || ("/" + path + "/").matches(".*/(\\.{0,2})/.*")) {
      throw new IllegalArgumentException("the hub lists a file with the path '" + path
          + "', which leads out of the model's directory");
    }
    if (size < 0 || blobId != null && !GIT.matcher(blobId).matches() || sha256 != null && !SHA256.matcher(sha256).matches()) {
      throw new IllegalArgumentException("the hub lists " + path + " with a size or hash that is none");
    }
  }

  /** Its name among the blobs of the cache: the sha256 of a large file, else git's. */
  String etag() {
    return sha256 == null ? blobId : sha256;
  }

  /** The last part of its path. */
  String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
