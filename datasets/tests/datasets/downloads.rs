use sha2::{Digest, Sha256};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use tempfile::TempDir;
use zoo_datasets::locate::{DataFile, LocateError, SearchPath};

const CONTENT: &[u8] = b"to be or not to be";

/// A server that sends `answer` to every request: its URL and its request count.
fn serve(answer: Vec<u8>) -> (&'static str, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/input.txt", listener.local_addr().unwrap());
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = [0; 4096];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(&answer);
        }
    });
    (url.leak(), requests)
}

fn answer(status: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn data_file(urls: &[&'static str]) -> DataFile {
    let sha256: String = Sha256::digest(CONTENT).iter().map(|byte| format!("{byte:02x}")).collect();
    DataFile {
        path: "play/input.txt",
        urls: urls.to_vec().leak(),
        sha256: sha256.leak(),
        bytes: CONTENT.len() as u64,
    }
}

fn cache_only(cache: &TempDir) -> SearchPath {
    SearchPath { data: None, cache: Some(cache.path().to_owned()) }
}

/// Every file below a folder.
fn files_below(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path.display().to_string()),
        }
    }
    files
}

/// The error message, after checking that no file is left behind.
fn failure(file: &DataFile) -> String {
    let cache = tempfile::tempdir().unwrap();
    let error = cache_only(&cache).read(file).unwrap_err();
    assert!(matches!(error, LocateError::NotFound { .. }), "{error:?}");
    assert_eq!(files_below(cache.path()), Vec::<String>::new());
    let message = error.to_string();
    assert!(message.contains("set ZOO_DATA") && message.contains("--text-file FILE"), "{message}");
    assert!(message.contains(file.urls[0]), "{message}");
    message
}

#[test]
fn a_download_goes_to_the_cache_and_is_not_repeated() {
    let (url, requests) = serve(answer("200 OK", CONTENT.len(), CONTENT));
    let cache = tempfile::tempdir().unwrap();
    let search_path = cache_only(&cache);
    assert_eq!(search_path.read(&data_file(&[url])).unwrap(), CONTENT);
    assert_eq!(search_path.read(&data_file(&[url])).unwrap(), CONTENT);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
    let expected = cache.path().join("play").join("input.txt");
    assert_eq!(files_below(cache.path()), [expected.display().to_string()]);
}

#[test]
fn the_next_address_is_tried_when_one_fails() {
    let (missing, _) = serve(answer("404 Not Found", 0, b""));
    let (url, requests) = serve(answer("200 OK", CONTENT.len(), CONTENT));
    let cache = tempfile::tempdir().unwrap();
    assert_eq!(cache_only(&cache).read(&data_file(&[missing, url])).unwrap(), CONTENT);
    assert_eq!(requests.load(Ordering::SeqCst), 1);
}

#[test]
fn a_missing_page_is_an_error() {
    let (url, _) = serve(answer("404 Not Found", 9, b"not found"));
    let message = failure(&data_file(&[url]));
    assert!(message.contains("404"), "{message}");
}

#[test]
fn different_content_is_an_error() {
    let other = b"to be or not to BE";
    let (url, _) = serve(answer("200 OK", other.len(), other));
    let message = failure(&data_file(&[url]));
    assert!(message.contains("SHA-256"), "{message}");
}

#[test]
fn a_truncated_body_is_an_error() {
    let (url, _) = serve(answer("200 OK", CONTENT.len(), &CONTENT[..5]));
    failure(&data_file(&[url]));
    // Without Content-Length, only the size in the table reveals the truncation.
    let head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    let (url, _) = serve([head, &CONTENT[..5]].concat());
    let message = failure(&data_file(&[url]));
    assert!(message.contains("18 bytes expected, 5 received"), "{message}");
}

#[test]
fn an_endless_body_is_an_error() {
    let (url, _) = serve(answer("200 OK", 10_000_000, &vec![b'x'; 10_000_000]));
    failure(&data_file(&[url]));
}

#[test]
fn an_unreachable_server_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/input.txt", listener.local_addr().unwrap());
    drop(listener);
    failure(&data_file(&[url.leak()]));
}

#[test]
fn the_users_folder_comes_before_the_cache() {
    let (data, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (url, requests) = serve(answer("200 OK", CONTENT.len(), CONTENT));
    let search_path =
        SearchPath { data: Some(data.path().to_owned()), cache: Some(cache.path().to_owned()) };
    fs::create_dir(data.path().join("play")).unwrap();
    fs::write(data.path().join("play/input.txt"), CONTENT).unwrap();
    assert_eq!(search_path.read(&data_file(&[url])).unwrap(), CONTENT);
    assert_eq!(requests.load(Ordering::SeqCst), 0);
    assert_eq!(files_below(cache.path()), Vec::<String>::new());
}

#[test]
fn a_modified_file_is_an_error_in_every_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("play")).unwrap();
    fs::write(folder.path().join("play/input.txt"), "something else").unwrap();
    let root = Some(folder.path().to_owned());
    for search_path in [
        SearchPath { data: root.clone(), cache: None },
        SearchPath { data: None, cache: root.clone() },
    ] {
        let file = data_file(&[]);
        let error = search_path.read(&file).unwrap_err();
        assert!(matches!(error, LocateError::Changed { .. }), "{error:?}");
        let message = error.to_string();
        for part in ["input.txt", file.sha256, "14 bytes", "delete or replace"] {
            assert!(message.contains(part), "{message}");
        }
    }
}

#[test]
fn the_error_reports_unset_folders() {
    let error = SearchPath::default().read(&data_file(&[])).unwrap_err().to_string();
    assert!(error.contains("ZOO_DATA (not set)"), "{error}");
}
