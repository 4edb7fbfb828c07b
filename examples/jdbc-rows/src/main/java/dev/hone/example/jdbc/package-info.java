/** A job that trains on rows of a database. */
package dev.hone.example.jdbc;
