/** Settings by name: how texts, files and flags become the records that configure a run. */
package dev.hone.train.config;
