package dev.hone.train.source.hub;

import java.util.Map;
import java.util.TreeMap;

/**
 * All files of a repository at a commit.
 *
 * @param commit 40 hexadecimal digits
 * @param files by path
 */
record Listing(String commit, Map<String, RemoteFile> files) {
  Listing {
    files = new TreeMap<>(files);
  }

  boolean has(String path) {
    return files.containsKey(path);
  }
}
